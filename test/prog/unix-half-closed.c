// SPDX-License-Identifier: Apache-2.0
/* Connections shut in one direction, or both, still carry what was sent before. */
#include "unix.h"

int main(int argc, char **argv)
{
	int w[2], r[2], both[2], d[2];

	prog_init(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, w));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, r));
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, both));
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, d));
	u_send(w[0], "before");
	u_send(w[1], "back");
	CHECK(!shutdown(w[0], SHUT_WR));
	u_send(r[1], "unread");
	CHECK(!shutdown(r[0], SHUT_RD));
	u_send(both[0], "m1");
	u_send(both[0], "m2");
	CHECK(!shutdown(both[1], SHUT_RDWR));
	u_send(d[0], "dgram");
	CHECK(!shutdown(d[0], SHUT_WR));
	prog_ready();
	prog_wait();
	CHECK_EQ(u_ready(w[1], POLLIN | POLLRDHUP | POLLOUT), POLLIN | POLLRDHUP | POLLOUT);
	u_expect(w[1], "before");
	u_expect_end(w[1]);
	CHECK(send(w[0], "x", 1, 0) == -1 && errno == EPIPE);
	u_expect(w[0], "back");
	u_send(w[1], "more");
	u_expect(w[0], "more");
	u_expect_nothing(w[0]);
	CHECK(send(r[1], "x", 1, 0) == -1 && errno == EPIPE);
	u_expect(r[0], "unread");
	u_expect_end(r[0]);
	u_send(r[0], "other way");
	u_expect(r[1], "other way");
	CHECK_EQ(u_ready(both[1], POLLIN), POLLIN | POLLHUP);
	u_expect(both[1], "m1");
	u_expect(both[1], "m2");
	u_expect_end(both[1]);
	CHECK(send(both[0], "x", 1, 0) == -1 && errno == EPIPE);
	CHECK(send(d[0], "x", 1, 0) == -1 && errno == EPIPE);
	u_expect(d[1], "dgram");
	u_expect_nothing(d[1]);
	u_send(d[1], "y");
	u_expect(d[0], "y");
	prog_pass();
}
