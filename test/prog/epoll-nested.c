// SPDX-License-Identifier: Apache-2.0
/* Sets that watch sets, the outer made before the inner and after it, one edge-triggered. */
#include "epoll.h"

int main(int argc, char **argv)
{
	struct epoll_event e = { .events = EPOLLIN };
	int outer, inner, middle, top, event;

	prog_init(argc, argv);
	outer = epoll_create1(0);
	inner = epoll_create1(0);
	middle = epoll_create1(0);
	top = epoll_create1(0);
	event = ep_event(0);
	CHECK(top >= 0);
	ep_add(outer, inner, EPOLLIN, 1);
	ep_add(middle, inner, EPOLLIN | EPOLLET, 2);
	ep_add(top, middle, EPOLLIN, 3);
	ep_add(inner, event, EPOLLIN, 4);
	prog_ready();
	prog_wait();
	ep_now(outer, 0);
	ep_now(top, 0);
	ep_bump(event);
	CHECK_EQ(ep_now(outer, 1), 1 << 1);
	CHECK_EQ(ep_now(inner, 1), 1 << 4);
	CHECK_EQ(ep_now(top, 1), 1 << 3);
	CHECK_EQ(ep_now(middle, 1), 1 << 2);
	ep_now(middle, 0);
	ep_now(top, 0);
	ep_empty(event);
	ep_now(outer, 0);
	ep_bump(event);
	CHECK_EQ(ep_now(middle, 1), 1 << 2);
	CHECK(epoll_ctl(inner, EPOLL_CTL_ADD, top, &e) == -1 && errno == ELOOP);
	prog_pass();
}
