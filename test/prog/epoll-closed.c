// SPDX-License-Identifier: Apache-2.0
/* Watches of files whose number was closed since, or is another file's by now, or that are watched
 * under several numbers. */
#include "epoll.h"

int main(int argc, char **argv)
{
	int set, lone, other, twice, again, kept, high;
	struct epoll_event e = { 0 };

	prog_init(argc, argv);
	set = epoll_create1(0);
	CHECK(set >= 0);
	/* Closed, but its file is alive. */
	lone = ep_event(0);
	kept = fcntl(lone, F_DUPFD, 100);
	ep_add(set, lone, EPOLLIN, 1);
	close(lone);
	/* The number is another file's, which is watched under it too. */
	other = ep_event(0);
	CHECK_EQ(other, lone);
	ep_add(set, other, EPOLLIN, 2);
	/* One file twice. */
	twice = ep_event(0);
	again = dup(twice);
	ep_add(set, twice, EPOLLIN, 3);
	ep_add(set, again, EPOLLIN, 4);
	/* A high number that is closed. */
	high = fcntl(twice, F_DUPFD, 900);
	ep_add(set, high, EPOLLIN, 5);
	close(high);
	prog_ready();
	prog_wait();
	CHECK(fcntl(high, F_GETFD) == -1 && errno == EBADF);
	ep_now(set, 0);
	ep_bump(kept);
	CHECK_EQ(ep_now(set, 1), 1 << 1);
	ep_bump(other);
	CHECK_EQ(ep_now(set, 2), 1 << 1 | 1 << 2);
	ep_bump(twice);
	CHECK_EQ(ep_now(set, 5), 0x3e);
	/* The number stands for the new file. */
	ep_ctl(set, EPOLL_CTL_DEL, lone, 0, 0);
	CHECK_EQ(ep_now(set, 4), 0x3a);
	CHECK(epoll_ctl(set, EPOLL_CTL_DEL, kept, &e) == -1 && errno == ENOENT);
	CHECK_EQ(dup2(kept, lone), lone);
	ep_ctl(set, EPOLL_CTL_DEL, lone, 0, 0);
	CHECK_EQ(ep_now(set, 3), 0x38);
	/* The last descriptor of a file takes its watches along. */
	close(twice);
	ep_now(set, 3);
	close(again);
	ep_now(set, 0);
	prog_pass();
}
