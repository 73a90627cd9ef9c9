// SPDX-License-Identifier: Apache-2.0
/* To be notified of the first message: by one empty queue, and by one that has messages now. */
#include "mq.h"

static volatile sig_atomic_t told[2];

static void handler(int sig, siginfo_t *info, void *uc)
{
	told[info->si_value.sival_int == 4711]++;
	CHECK_EQ(info->si_code, SI_MESGQ);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	static const unsigned int prio[] = { 2, 9, 2, 2 };
	mqd_t empty, full;
	char buf[32];
	int i;

	prog_init(argc, argv);
	sigaction(SIGUSR1, &sa, NULL);
	empty = mq_make(0, 0, 4, 32);
	full = mq_make(1, 0, 4, 32);
	for (i = 0; i < 4; i++)
		CHECK(!mq_send(full, (char *)&i, sizeof(i), prio[i]));
	e.sigev_value.sival_int = 4711;
	CHECK(!mq_notify(empty, &e));
	e.sigev_value.sival_int = 1;
	CHECK(!mq_notify(full, &e));
	prog_ready();
	prog_wait();
	CHECK_EQ(told[0] + told[1], 0);
	CHECK(mq_notify(full, &e) && errno == EBUSY);
	CHECK(!mq_send(empty, "x", 1, 0));
	CHECK_EQ(told[1], 1);
	for (i = 0; i < 4; i++) {
		static const int order[] = { 1, 0, 2, 3 };

		CHECK_EQ(mq_receive(full, buf, 32, NULL), sizeof(i));
		CHECK(!memcmp(buf, &order[i], sizeof(i)));
	}
	CHECK_EQ(told[0], 0);
	CHECK(!mq_send(full, "x", 1, 0));
	CHECK_EQ(told[0], 1);
	CHECK(!mq_unlink(mq_name[0]));
	CHECK(!mq_unlink(mq_name[1]));
	prog_pass();
}
