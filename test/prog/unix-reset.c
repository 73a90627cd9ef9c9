// SPDX-License-Identifier: Apache-2.0
/* A peer that closed without reading everything leaves an error, which is told once. */
#include "unix.h"

int main(int argc, char **argv)
{
	int a[2], b[2], q[2], err;
	char c;

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, a));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, b));
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, q));
	u_send(a[0], "never read");
	close(a[1]);
	u_send(b[0], "never read");
	u_send(b[1], "to be read");
	close(b[1]);
	u_send(q[0], "never read");
	close(q[1]);
	prog_ready();
	prog_wait();
	CHECK_EQ(u_ready(a[0], POLLIN), POLLIN | POLLERR | POLLHUP);
	CHECK(recv(a[0], &c, 1, 0) == -1 && errno == ECONNRESET);
	u_expect_end(a[0]);
	/* What there is comes before the error. */
	u_expect(b[0], "to be read");
	CHECK(recv(b[0], &c, 1, 0) == -1 && errno == ECONNRESET);
	u_expect_end(b[0]);
	err = u_get(q[0], SO_ERROR);
	CHECK_EQ(err, ECONNRESET);
	CHECK_EQ(u_get(q[0], SO_ERROR), 0);
	u_expect_end(q[0]);
	prog_pass();
}
