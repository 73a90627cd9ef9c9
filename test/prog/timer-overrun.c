// SPDX-License-Identifier: Apache-2.0
/* A fast timer whose signal is blocked: the signal stays pending and overruns count. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct itimerspec its = { { 0, 1000000 }, { 0, 1000000 } };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	sigset_t set;
	siginfo_t si;
	timer_t id;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	ev.sigev_value.sival_int = 5;
	CHECK(!timer_create(CLOCK_MONOTONIC, &ev, &id) && !timer_settime(id, 0, &its, NULL));
	prog_ready();
	prog_wait();
	CHECK_EQ(sigwaitinfo(&set, &si), SIGRTMIN);
	CHECK(si.si_code == SI_TIMER && si.si_value.sival_int == 5);
	CHECK(si.si_overrun >= 0);
	/* From here on the count must be that of the time that goes by. */
	prog_nap_ms(100);
	CHECK_EQ(sigwaitinfo(&set, &si), SIGRTMIN);
	CHECK(si.si_code == SI_TIMER && si.si_overrun >= 50);
	CHECK(timer_getoverrun(id) >= 50);
	prog_pass();
}
