// SPDX-License-Identifier: Apache-2.0
/* No expiration of periodic timers is lost or doubled, whether they are read at once or never. */
#include "timerfd.h"

static void count(int fd, double begin, double interval, uint64_t had)
{
	/* Between the two the machine may do something else. */
	double passed = prog_now(CLOCK_MONOTONIC) - begin;
	uint64_t n = had + tfd_read(fd);
	double after = prog_now(CLOCK_MONOTONIC) - begin;

	if (n + 1 < passed / interval - 1 || n > after / interval + 2)
		prog_fail(__FILE__, __LINE__, "%llu expirations in %f s at %f s",
			  (unsigned long long)n, passed, interval);
}

int main(int argc, char **argv)
{
	int read_often, unread, absolute, slow;
	uint64_t seen = 0;
	double begin;

	prog_init(argc, argv);
	read_often = timerfd_create(CLOCK_MONOTONIC, 0);
	unread = timerfd_create(CLOCK_MONOTONIC, 0);
	absolute = timerfd_create(CLOCK_MONOTONIC, 0);
	slow = timerfd_create(CLOCK_MONOTONIC, 0);
	begin = prog_now(CLOCK_MONOTONIC);
	tfd_set(read_often, 0, 0.004, 0.004);
	tfd_set(unread, 0, 0.01, 0.01);
	tfd_set(absolute, TFD_TIMER_ABSTIME, begin + 0.02, 0.02);
	tfd_set(slow, 0, 0.1, 4000);
	prog_ready();
	while (!prog_done())
		seen += tfd_read(read_often);
	count(read_often, begin, 0.004, seen);
	count(unread, begin, 0.01, 0);
	count(absolute, begin, 0.02, 0);
	CHECK_EQ(tfd_read(slow), 1);
	CHECK(tfd_left(slow) > 3000);
	prog_pass();
}
