// SPDX-License-Identifier: Apache-2.0
/* Timers on the clocks that wake the machine up, where that is permitted. */
#include "timerfd.h"

int main(int argc, char **argv)
{
	int boot, wall;
	double left;

	prog_init(argc, argv);
	boot = timerfd_create(CLOCK_BOOTTIME_ALARM, 0);
	wall = timerfd_create(CLOCK_REALTIME_ALARM, 0);
	if (boot < 0 || wall < 0)
		prog_skip("alarm clocks are not permitted");
	tfd_set(boot, 0, 4000, 0);
	tfd_set(wall, TFD_TIMER_ABSTIME, prog_now(CLOCK_REALTIME) + 4000, 7);
	prog_ready();
	prog_wait();
	left = tfd_left(boot);
	CHECK(left > 3000 && left <= 4001);
	left = tfd_left(wall);
	CHECK(left > 3000 && left <= 4001);
	tfd_set(boot, 0, 0.001, 0);
	CHECK_EQ(tfd_read(boot), 1);
	prog_pass();
}
