// SPDX-License-Identifier: Apache-2.0
/* A server's set: five hundred sources, each with its own data, level- and edge-triggered. */
#include "epoll.h"

#define N 500

static int fds[N];

int main(int argc, char **argv)
{
	struct epoll_event e[16];
	int set, i, n, k;

	prog_init(argc, argv);
	set = epoll_create1(0);
	CHECK(set >= 0);
	for (i = 0; i < N; i++) {
		fds[i] = ep_event(0);
		ep_add(set, fds[i], i % 2 ? EPOLLIN | EPOLLET : EPOLLIN, 1000 + i);
	}
	prog_ready();
	for (i = 0; !prog_done(); i = (i + 7) % N) {
		ep_bump(fds[i]);
		n = epoll_wait(set, e, 16, 0);
		CHECK_EQ(n, 1);
		CHECK_EQ(e[0].data.u64, 1000 + i);
		ep_empty(fds[i]);
		if (!i)
			prog_nap_ms(1);
	}
	for (k = 0; k < N; k++) {
		ep_bump(fds[k]);
		CHECK_EQ(epoll_wait(set, e, 16, 0), 1);
		CHECK_EQ(e[0].data.u64, 1000 + k);
		ep_empty(fds[k]);
	}
	prog_pass();
}
