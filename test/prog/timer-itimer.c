// SPDX-License-Identifier: Apache-2.0
/* Interval timers, real, virtual and profiling, keep their interval and go on firing. */
#include "prog.h"

#include <sys/time.h>

static const struct {
	int which, sig;
} timers[] = {
	{ ITIMER_REAL, SIGALRM }, { ITIMER_VIRTUAL, SIGVTALRM }, { ITIMER_PROF, SIGPROF },
};
static atomic_int fired[65];

static void on_timer(int sig)
{
	atomic_fetch_add(&fired[sig], 1);
}

int main(int argc, char **argv)
{
	struct itimerval it = { .it_interval = { 0, 20000 }, .it_value = { 0, 30000 } };
	struct sigaction sa = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	int before[ARRAY_SIZE(timers)];
	bool more;
	size_t i;

	prog_init(argc, argv);
	for (i = 0; i < ARRAY_SIZE(timers); i++) {
		CHECK(!sigaction(timers[i].sig, &sa, NULL));
		CHECK(!setitimer(timers[i].which, &it, NULL));
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < ARRAY_SIZE(timers); i++) {
		CHECK(!getitimer(timers[i].which, &it));
		/* Rounded up to ticks for the times of the processor. */
		CHECK(it.it_interval.tv_sec == 0 && it.it_interval.tv_usec >= 20000 &&
		      it.it_interval.tv_usec <= 30000);
		before[i] = fired[timers[i].sig];
	}
	/* The two that count processor time need some to be used. */
	do {
		more = false;
		for (i = 0; i < ARRAY_SIZE(timers); i++)
			more |= fired[timers[i].sig] < before[i] + 3;
	} while (more);
	prog_pass();
}
