/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of timerfd share. */
#ifndef TEST_TIMERFD_H
#define TEST_TIMERFD_H

#include "prog.h"

#include <poll.h>
#include <sys/timerfd.h>

static inline struct timespec tfd_time(double s)
{
	return (struct timespec){ (time_t)s, (s - (time_t)s) * 1e9 };
}

static inline void tfd_set(int fd, int flags, double value, double interval)
{
	struct itimerspec t = { tfd_time(interval), tfd_time(value) };

	CHECK(!timerfd_settime(fd, flags, &t, NULL));
}

static inline double tfd_left(int fd)
{
	struct itimerspec t;

	CHECK(!timerfd_gettime(fd, &t));
	return t.it_value.tv_sec + t.it_value.tv_nsec / 1e9;
}

static inline uint64_t tfd_read(int fd)
{
	uint64_t n;

	CHECK_EQ(read(fd, &n, 8), 8);
	return n;
}

static inline bool tfd_ready(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

#endif
