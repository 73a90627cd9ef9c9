// SPDX-License-Identifier: Apache-2.0
/* Edges: one that was reported is not again, one that was not is; then new ones are. One set has
 * only the first kind, one only the second, one has both beside a level-triggered watch. */
#include "epoll.h"

static int make_set(int *fds, int n, uint32_t events)
{
	int set = epoll_create1(0), i;

	CHECK(set >= 0);
	for (i = 0; i < n; i++) {
		fds[i] = ep_event(1);
		ep_add(set, fds[i], events, i);
	}
	return set;
}

int main(int argc, char **argv)
{
	int taken, fresh, mixed, a[2], b[2], c[4], level, i;

	prog_init(argc, argv);
	taken = make_set(a, 2, EPOLLIN | EPOLLOUT | EPOLLET);
	CHECK_EQ(ep_now(taken, 2), 3);
	ep_now(taken, 0);
	fresh = make_set(b, 2, EPOLLIN | EPOLLET);
	mixed = make_set(c, 4, EPOLLIN | EPOLLET);
	CHECK_EQ(ep_now(mixed, 4), 15);
	level = ep_event(1);
	ep_add(mixed, level, EPOLLIN, 9);
	/* New edges for two of them. */
	ep_bump(c[1]);
	ep_bump(c[3]);
	prog_ready();
	prog_wait();
	ep_now(taken, 0);
	CHECK_EQ(ep_now(fresh, 2), 3);
	ep_now(fresh, 0);
	CHECK_EQ(ep_now(mixed, 3), 1 << 1 | 1 << 3 | 1 << 9);
	CHECK_EQ(ep_now(mixed, 1), 1 << 9);
	for (i = 0; i < 2; i++) {
		ep_bump(a[i]);
		CHECK_EQ(ep_now(taken, 1), 1 << i);
	}
	ep_bump(c[0]);
	CHECK_EQ(ep_now(mixed, 2), 1 | 1 << 9);
	prog_pass();
}
