// SPDX-License-Identifier: Apache-2.0
/* Full buffers: not writable before and after, then everything comes out, blocked writers go on. */
#include "unix.h"

#define EXTRA 100000

static char want[1 << 20], buf[1 << 20], extra[EXTRA];

static size_t fill(int fd, size_t piece)
{
	size_t n = 0;
	ssize_t k;

	while ((k = send(fd, want + n, piece, MSG_DONTWAIT)) > 0)
		n += k;
	CHECK_EQ(errno, EAGAIN);
	return n;
}

static void empty(int fd, size_t len)
{
	CHECK_EQ(recv(fd, buf, len, MSG_WAITALL), len);
	CHECK(!memcmp(buf, want, len));
}

int main(int argc, char **argv)
{
	int big[2], small[2], back[2];
	size_t nbig, nsmall, nback;
	pid_t pid;

	prog_init(argc, argv);
	prog_fill(want, sizeof(want), 1);
	prog_fill(extra, sizeof(extra), 2);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, big));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, small));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, back));
	nbig = fill(big[0], 50000);
	nback = fill(big[1], 3000);
	nsmall = fill(small[0], 1);
	pid = prog_fork();
	if (!pid) {
		prog_mark("up");
		CHECK_EQ(send(big[0], extra, EXTRA, 0), EXTRA);
		_exit(0);
	}
	prog_await("up");
	prog_nap_ms(50);
	CHECK_EQ(u_ready(small[0], POLLOUT), 0);
	prog_ready();
	prog_wait();
	CHECK_EQ(u_ready(big[0], POLLOUT), 0);
	CHECK_EQ(u_ready(big[1], POLLOUT | POLLIN), POLLIN);
	CHECK_EQ(u_ready(small[0], POLLOUT), 0);
	CHECK(send(small[0], "x", 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	empty(big[1], nbig);
	CHECK_EQ(recv(big[1], buf, EXTRA, MSG_WAITALL), EXTRA);
	CHECK(!memcmp(buf, extra, EXTRA));
	empty(big[0], nback);
	empty(small[1], nsmall);
	u_expect_nothing(big[1]);
	u_expect_nothing(small[1]);
	CHECK_EQ(u_ready(small[0], POLLOUT), POLLOUT);
	prog_reap(pid);
	prog_pass();
}
