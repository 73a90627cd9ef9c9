/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of epoll share. */
#ifndef TEST_EPOLL_H
#define TEST_EPOLL_H

#include "prog.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

static inline void ep_ctl(int set, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { events, { .u64 = data } };

	if (epoll_ctl(set, op, fd, &e))
		prog_fail(__FILE__, __LINE__, "epoll_ctl %d of %d", op, fd);
}

static inline void ep_add(int set, int fd, uint32_t events, uint64_t data)
{
	ep_ctl(set, EPOLL_CTL_ADD, fd, events, data);
}

/* The set reports n watches now; those with data below 64 are noted as bits. */
static inline uint64_t ep_now(int set, int n)
{
	struct epoll_event e[64];
	int got = epoll_wait(set, e, 64, 0), i;
	uint64_t bits = 0;

	for (i = 0; i < got; i++)
		if (e[i].data.u64 < 64)
			bits |= 1ull << e[i].data.u64;
	if (got != n)
		prog_fail(__FILE__, __LINE__, "%d reports (%llx), not %d", got,
			  (unsigned long long)bits, n);
	return bits;
}

static inline int ep_event(uint64_t value)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	CHECK(fd >= 0 && (!value || write(fd, &value, 8) == 8));
	return fd;
}

static inline void ep_bump(int fd)
{
	uint64_t one = 1;

	CHECK_EQ(write(fd, &one, 8), 8);
}

static inline void ep_empty(int fd)
{
	uint64_t v;

	CHECK_EQ(read(fd, &v, 8), 8);
}

#endif
