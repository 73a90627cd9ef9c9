// SPDX-License-Identifier: Apache-2.0
/* Absolute timers on the time of day expire by it: also when the job was dead at that time. */
#include "timerfd.h"

int main(int argc, char **argv)
{
	int past, future, often;
	double begin, now;
	uint64_t n;

	prog_init(argc, argv);
	begin = prog_now(CLOCK_REALTIME);
	past = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	future = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	often = timerfd_create(CLOCK_REALTIME, 0);
	CHECK(past >= 0 && future >= 0 && often >= 0);
	tfd_set(past, TFD_TIMER_ABSTIME, begin + 3, 0);
	tfd_set(future, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, begin + 5000, 0);
	tfd_set(often, TFD_TIMER_ABSTIME, begin + 1, 0.5);
	prog_ready();
	prog_wait();
	now = prog_now(CLOCK_REALTIME);
	if (now < begin + 3.1)
		prog_nap_ms((begin + 3.1 - now) * 1000);
	CHECK_EQ(tfd_read(past), 1);
	now = tfd_left(future);
	CHECK(now > 5000 - 1 - (prog_now(CLOCK_REALTIME) - begin));
	CHECK(now < 5000 + 1 - (prog_now(CLOCK_REALTIME) - begin));
	CHECK(read(future, &n, 8) == -1 && errno == EAGAIN);
	n = tfd_read(often);
	now = prog_now(CLOCK_REALTIME) - begin - 1;
	/* Half a second is long, but a machine may be busy. */
	if (n < now / 0.5 - 20 || n > now / 0.5 + 2)
		prog_fail(__FILE__, __LINE__, "%llu expirations in %f s",
			  (unsigned long long)n, now);
	prog_pass();
}
