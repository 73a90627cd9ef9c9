// SPDX-License-Identifier: Apache-2.0
/* A set keeps its watches with what they wait for and their data, for pipes and counters. */
#include "epoll.h"

int main(int argc, char **argv)
{
	int set, p[2], q[2], event, busy;
	struct epoll_event e[8];
	int i, n;

	prog_init(argc, argv);
	set = epoll_create1(EPOLL_CLOEXEC);
	CHECK(set >= 0 && !pipe(p) && !pipe(q));
	event = ep_event(0);
	busy = ep_event(3);
	ep_add(set, p[0], EPOLLIN, 0xfedcba9876543210);
	ep_add(set, p[1], EPOLLOUT, 1);
	ep_add(set, q[1], EPOLLOUT, 0xffffffffffffffff);
	ep_add(set, event, EPOLLIN | EPOLLPRI, 3);
	ep_add(set, busy, EPOLLIN | EPOLLOUT, 4);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(set, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(ep_now(set, 3), 1 << 1 | 1 << 4);
	CHECK_EQ(write(p[1], "x", 1), 1);
	close(q[0]);
	ep_bump(event);
	n = epoll_wait(set, e, 8, 0);
	CHECK_EQ(n, 5);
	for (i = 0; i < n; i++) {
		if (e[i].data.u64 == 0xfedcba9876543210)
			CHECK_EQ(e[i].events, EPOLLIN);
		else if (e[i].data.u64 == 0xffffffffffffffff)
			CHECK_EQ(e[i].events, EPOLLOUT | EPOLLERR);
		else if (e[i].data.u64 == 4)
			CHECK_EQ(e[i].events, EPOLLIN | EPOLLOUT);
		else if (e[i].data.u64 == 3)
			CHECK_EQ(e[i].events, EPOLLIN);
		else
			CHECK_EQ(e[i].events, EPOLLOUT);
	}
	ep_ctl(set, EPOLL_CTL_MOD, p[1], EPOLLIN, 1);
	ep_ctl(set, EPOLL_CTL_DEL, busy, 0, 0);
	CHECK(epoll_ctl(set, EPOLL_CTL_ADD, event, e) == -1 && errno == EEXIST);
	CHECK_EQ(epoll_wait(set, e, 8, 0), 3);
	prog_pass();
}
