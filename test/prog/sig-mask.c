// SPDX-License-Identifier: Apache-2.0
/* The signal mask of each thread. */
#include "prog.h"

static void *thread(void *arg)
{
	sigset_t set, now;
	long me = (long)arg;
	int s;

	sigemptyset(&set);
	for (s = 1; s <= 64; s++)
		if (s % 5 == me && s != 32 && s != 33 && s != SIGKILL && s != SIGSTOP)
			sigaddset(&set, s);
	CHECK(!pthread_sigmask(SIG_SETMASK, &set, NULL));
	while (!prog_done()) {
		CHECK(!pthread_sigmask(SIG_BLOCK, NULL, &now));
		for (s = 1; s <= 64; s++)
			CHECK_EQ(sigismember(&now, s), sigismember(&set, s));
		prog_nap();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[4];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	thread((void *)4L);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
