// SPDX-License-Identifier: Apache-2.0
/* Several POSIX timers keep their ids, settings, values and clocks. */
#include "prog.h"

#define N 6

static timer_t ids[N];
static atomic_int fired[N];

static void on_timer(int sig, siginfo_t *si, void *ctx)
{
	(void)sig;
	(void)ctx;
	if (si->si_code == SI_TIMER)
		atomic_fetch_add(&fired[si->si_value.sival_int], 1);
}

/* The kernel's own number of a timer, as it counts them from zero for each process. */
static void check_ids(void)
{
	int i;

	for (i = 0; i < N; i++)
		if (i != 2)
			CHECK_EQ((long)ids[i], i);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerspec its;
	int i, before[N];

	prog_init(argc, argv);
	CHECK(!sigaction(SIGRTMIN + 2, &sa, NULL));
	for (i = 0; i < N; i++) {
		struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2 };

		ev.sigev_value.sival_int = i;
		CHECK(!timer_create(i % 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME, &ev, &ids[i]));
		its = (struct itimerspec){ { 0, (i + 1) * 10000000 }, { 0, 10000000 } };
		if (i == 4)
			its = (struct itimerspec){ { 0, 0 }, { 100000, 0 } };
		if (i != 5)
			CHECK(!timer_settime(ids[i], 0, &its, NULL));
	}
	CHECK(!timer_delete(ids[2]));
	check_ids();
	prog_ready();
	prog_wait();
	for (i = 0; i < 2; i++) {
		CHECK(!timer_gettime(ids[i], &its));
		CHECK_EQ(its.it_interval.tv_nsec, (i + 1) * 10000000);
		before[i] = fired[i];
		while (fired[i] < before[i] + 3)
			prog_nap();
	}
	CHECK(!timer_gettime(ids[4], &its));
	CHECK(its.it_value.tv_sec > 90000 && its.it_value.tv_sec < 100001 && !fired[4]);
	CHECK(!timer_gettime(ids[5], &its));
	CHECK(!its.it_value.tv_sec && !its.it_value.tv_nsec && !fired[5]);
	CHECK(timer_gettime(ids[2], &its) == -1 && errno == EINVAL);
	for (i = 0; i < N; i++)
		if (i != 2)
			CHECK(!timer_delete(ids[i]));
	prog_pass();
}
