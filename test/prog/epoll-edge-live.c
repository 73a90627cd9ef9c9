// SPDX-License-Identifier: Apache-2.0
/* A checkpoint alone changes nothing of which edges are pending: the set is looked at after each
 * step of the runner, and never reports more than was written. */
#include "epoll.h"

int main(int argc, char **argv)
{
	int set, fds[3], level, i, round = 0;

	prog_init(argc, argv);
	set = epoll_create1(0);
	CHECK(set >= 0);
	for (i = 0; i < 3; i++) {
		fds[i] = ep_event(1);
		ep_add(set, fds[i], EPOLLIN | EPOLLOUT | EPOLLET, i);
	}
	CHECK_EQ(ep_now(set, 3), 7);
	level = ep_event(1);
	ep_add(set, level, EPOLLIN, 9);
	prog_ready();
	while (!prog_done()) {
		for (i = 0; i < 3; i++)
			if (round & 1 << i)
				ep_bump(fds[i]);
		prog_nap_ms(3);
		CHECK_EQ(ep_now(set, __builtin_popcount(round & 7) + 1),
			 (round & 7) | 1 << 9);
		round++;
	}
	prog_pass();
}
