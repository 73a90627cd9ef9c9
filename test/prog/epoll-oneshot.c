// SPDX-License-Identifier: Apache-2.0
/* One-shot watches: those that have fired stay silent until they are armed again, the others fire
 * once. */
#include "epoll.h"

int main(int argc, char **argv)
{
	int set, fired, waiting, ready, edge, p[2];

	prog_init(argc, argv);
	set = epoll_create1(0);
	CHECK(set >= 0 && !pipe(p));
	fired = ep_event(1);
	edge = ep_event(1);
	ep_add(set, fired, EPOLLIN | EPOLLONESHOT, 0);
	ep_add(set, edge, EPOLLIN | EPOLLONESHOT | EPOLLET, 3);
	ep_add(set, p[1], EPOLLOUT | EPOLLONESHOT, 4);
	CHECK_EQ(ep_now(set, 3), 1 | 1 << 3 | 1 << 4);
	waiting = ep_event(0);
	ready = ep_event(1);
	ep_add(set, waiting, EPOLLIN | EPOLLONESHOT, 1);
	ep_add(set, ready, EPOLLIN | EPOLLONESHOT, 2);
	prog_ready();
	prog_wait();
	CHECK_EQ(ep_now(set, 1), 1 << 2);
	ep_now(set, 0);
	ep_bump(waiting);
	ep_bump(fired);
	ep_bump(edge);
	CHECK_EQ(ep_now(set, 1), 1 << 1);
	/* Not even its error. */
	close(p[0]);
	ep_now(set, 0);
	ep_ctl(set, EPOLL_CTL_MOD, fired, EPOLLIN | EPOLLONESHOT, 5);
	ep_ctl(set, EPOLL_CTL_MOD, p[1], EPOLLOUT | EPOLLONESHOT, 6);
	CHECK_EQ(ep_now(set, 2), 1 << 5 | 1 << 6);
	prog_pass();
}
