// SPDX-License-Identifier: Apache-2.0
/* Timers stand still while the job is dead, and then run on: relative and absolute ones, by each
 * clock that does not follow the time of day. */
#include "timerfd.h"

static const struct {
	clockid_t clock;
	int flags;
} kinds[] = {
	{ CLOCK_MONOTONIC, 0 },
	{ CLOCK_MONOTONIC, TFD_TIMER_ABSTIME },
	{ CLOCK_BOOTTIME, 0 },
	{ CLOCK_BOOTTIME, TFD_TIMER_ABSTIME },
	/* Which, as the kernel defines it, runs like the first. */
	{ CLOCK_REALTIME, 0 },
};
static int fds[ARRAY_SIZE(kinds)], soon;

static clockid_t runs_by(int i)
{
	return kinds[i].clock == CLOCK_REALTIME ? CLOCK_MONOTONIC : kinds[i].clock;
}

int main(int argc, char **argv)
{
	double begin[ARRAY_SIZE(kinds)], expected, now;
	size_t i;

	prog_init(argc, argv);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fds[i] = timerfd_create(kinds[i].clock, 0);
		CHECK(fds[i] >= 0);
		begin[i] = prog_now(runs_by(i));
		tfd_set(fds[i], kinds[i].flags, 5000 + (kinds[i].flags ? begin[i] : 0), 0);
	}
	soon = timerfd_create(CLOCK_MONOTONIC, 0);
	prog_ready();
	prog_wait();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		now = prog_now(runs_by(i));
		expected = begin[i] + 5000 - now;
		now = tfd_left(fds[i]);
		if (now < expected - 0.5 || now > expected + 1)
			prog_fail(__FILE__, __LINE__, "timer %zu has %f s left, not %f", i, now,
				  expected);
		CHECK(!tfd_ready(fds[i]));
	}
	tfd_set(soon, 0, 0.01, 0);
	CHECK_EQ(tfd_read(soon), 1);
	prog_pass();
}
