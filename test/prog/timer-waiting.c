// SPDX-License-Identifier: Apache-2.0
/* Timers whose signal is blocked and waits: it comes once, and those with an interval go on. */
#include "prog.h"

#include <sys/time.h>

#define ONCE (SIGRTMIN + 2)
#define AGAIN (SIGRTMIN + 3)

static void start(int sig, long interval_ms)
{
	struct itimerspec it = { { 0, interval_ms * 1000000 }, { 0, 10000000 } };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig };
	timer_t id;

	CHECK(!timer_create(CLOCK_MONOTONIC, &e, &id) && !timer_settime(id, 0, &it, NULL));
}

/* What it was sent by; 0 if nothing comes in that time. */
static int next(int sig, int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sigtimedwait(&set, &info, &t) == sig)
		return info.si_code;
	CHECK_EQ(errno, EAGAIN);
	return 0;
}

static bool waits(int sig)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, sig) == 1;
}

int main(int argc, char **argv)
{
	struct itimerval it = { { 0, 20000 }, { 0, 10000 } };
	sigset_t set;
	int i;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, ONCE);
	sigaddset(&set, AGAIN);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK(!setitimer(ITIMER_REAL, &it, NULL));
	start(ONCE, 0);
	start(AGAIN, 20);
	while (!waits(SIGALRM) || !waits(ONCE) || !waits(AGAIN))
		prog_nap_ms(1);
	prog_ready();
	prog_wait();
	CHECK(!getitimer(ITIMER_REAL, &it));
	CHECK_EQ((int)it.it_interval.tv_usec, 20000);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(next(SIGALRM, 20000), SI_KERNEL);
		CHECK_EQ(next(AGAIN, 20000), SI_TIMER);
	}
	CHECK_EQ(next(ONCE, 20000), SI_TIMER);
	CHECK_EQ(next(ONCE, 100), 0);
	prog_pass();
}
