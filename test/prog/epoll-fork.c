// SPDX-License-Identifier: Apache-2.0
/* A set shared by parent and child, with targets that only one of them has open still. */
#include "epoll.h"

int main(int argc, char **argv)
{
	int set, ours, theirs, both;
	pid_t pid;

	prog_init(argc, argv);
	set = epoll_create1(0);
	ours = ep_event(0);
	theirs = ep_event(0);
	both = ep_event(0);
	CHECK(set >= 0);
	ep_add(set, ours, EPOLLIN, 1);
	ep_add(set, theirs, EPOLLIN | EPOLLET, 2);
	ep_add(set, both, EPOLLIN, 3);
	pid = prog_fork();
	if (!pid) {
		close(ours);
		CHECK_EQ(dup2(theirs, 70), 70);
		close(theirs);
		/* The number is another's here. */
		CHECK_EQ(ep_event(0), ours);
		prog_mark("split");
		prog_await("verify");
		prog_await("ours");
		CHECK_EQ(ep_now(set, 1), 1 << 1);
		ep_bump(70);
		CHECK_EQ(ep_now(set, 2), 1 << 1 | 1 << 2);
		prog_mark("theirs");
		prog_await("both");
		_exit(0);
	}
	close(theirs);
	prog_await("split");
	prog_ready();
	prog_wait();
	ep_now(set, 0);
	ep_bump(ours);
	prog_mark("ours");
	prog_await("theirs");
	/* The edge was reported over there. */
	CHECK_EQ(ep_now(set, 1), 1 << 1);
	ep_empty(ours);
	ep_bump(both);
	CHECK_EQ(ep_now(set, 1), 1 << 3);
	prog_mark("both");
	prog_reap(pid);
	CHECK_EQ(ep_now(set, 1), 1 << 3);
	prog_pass();
}
