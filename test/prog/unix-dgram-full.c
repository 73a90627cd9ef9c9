// SPDX-License-Identifier: Apache-2.0
/* A sender blocked on a full receiver, and one that would block, go on when there is room. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname to;
	int r, s, n = 0, i, got;
	pid_t pid;

	prog_init(argc, argv);
	to = u_file("r");
	r = u_bound(SOCK_DGRAM, to);
	s = u_connected(SOCK_DGRAM, to);
	while (send(s, &n, sizeof(n), MSG_DONTWAIT) == sizeof(n))
		n++;
	CHECK_EQ(errno, EAGAIN);
	CHECK(n > 1);
	pid = prog_fork();
	if (!pid) {
		prog_mark("up");
		CHECK_EQ(send(s, &n, sizeof(n), 0), sizeof(n));
		_exit(0);
	}
	prog_await("up");
	prog_nap_ms(50);
	CHECK_EQ(u_ready(s, POLLOUT), 0);
	prog_ready();
	prog_wait();
	CHECK_EQ(u_ready(s, POLLOUT), 0);
	CHECK(send(s, &n, sizeof(n), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	for (i = 0; i <= n; i++) {
		CHECK_EQ(recv(r, &got, sizeof(got), 0), sizeof(got));
		CHECK_EQ(got, i);
	}
	u_expect_nothing(r);
	CHECK_EQ(u_ready(s, POLLOUT), POLLOUT);
	prog_reap(pid);
	prog_pass();
}
