// SPDX-License-Identifier: Apache-2.0
/* Timers with large ids that are far apart keep them, with a libc's thread timer among them. */
#include "prog.h"

#define LAST 120000

static atomic_int fired, called;

static void on_timer(int sig)
{
	(void)sig;
	atomic_fetch_add(&fired, 1);
}

static void on_thread(union sigval value)
{
	atomic_fetch_add(&called, value.sival_int == 42);
}

static timer_t make(clockid_t clock, int seconds)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2 };
	struct itimerspec its = { { 0, 0 }, { seconds, 0 } };
	timer_t id;

	CHECK(!timer_create(clock, &ev, &id));
	CHECK(!seconds || !timer_settime(id, 0, &its, NULL));
	return id;
}

int main(int argc, char **argv)
{
	static const int kept[] = { 3, 70001, LAST - 1 };
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_thread };
	struct itimerspec its = { { 0, 50000000 }, { 0, 50000000 } };
	int i, k = 0, before;
	timer_t id, thread;

	prog_init(argc, argv);
	CHECK(signal(SIGRTMIN + 2, on_timer) != SIG_ERR);
	for (i = 0; i < LAST; i++) {
		id = make(i == kept[1] ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, 0);
		CHECK_EQ((long)id, i);
		if (i == kept[k])
			k++;
		else
			CHECK(!timer_delete(id));
	}
	CHECK_EQ(k, 3);
	ev.sigev_value.sival_int = 42;
	CHECK(!timer_create(CLOCK_MONOTONIC, &ev, &thread));
	CHECK(!timer_settime(thread, 0, &its, NULL));
	its = (struct itimerspec){ { 0, 20000000 }, { 0, 20000000 } };
	CHECK(!timer_settime((timer_t)(long)kept[2], 0, &its, NULL));
	its.it_value.tv_sec = 5000;
	CHECK(!timer_settime((timer_t)(long)kept[1], 0, &its, NULL));
	prog_ready();
	prog_wait();
	before = fired;
	while (fired < before + 3)
		prog_nap();
	before = called;
	while (called < before + 3)
		prog_nap();
	CHECK(!timer_gettime((timer_t)(long)kept[1], &its));
	CHECK(its.it_value.tv_sec > 4000 && its.it_interval.tv_nsec == 20000000);
	for (i = 0; i < 3; i++)
		CHECK(!timer_delete((timer_t)(long)kept[i]));
	CHECK(!timer_delete(thread));
	prog_pass();
}
