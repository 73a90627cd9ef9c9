// SPDX-License-Identifier: Apache-2.0
/* Datagrams without a byte are messages as well, first, last and between others. */
#include "unix.h"

int main(int argc, char **argv)
{
	int sv[2], q[2], one[2], part[2];

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sv));
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, q));
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, one));
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, part));
	u_send(sv[0], "");
	u_send(sv[0], "a");
	u_send(sv[0], "");
	u_send(sv[0], "");
	u_send(sv[0], "b");
	u_send(sv[0], "");
	u_send(q[0], "x");
	u_send(q[0], "");
	u_send(q[0], "y");
	u_send(one[0], "");
	u_send(part[0], "");
	u_send(part[0], "");
	u_send(part[0], "");
	u_send(part[0], "end");
	prog_ready();
	/* One is received between checkpoints, one is sent. */
	prog_nap_ms(300);
	u_expect(part[1], "");
	u_send(part[0], "");
	prog_wait();
	u_expect(part[1], "");
	u_expect(part[1], "");
	u_expect(part[1], "end");
	u_expect(part[1], "");
	u_expect_nothing(part[1]);
	u_expect(sv[1], "");
	u_expect(sv[1], "a");
	u_expect(sv[1], "");
	u_expect(sv[1], "");
	u_expect(sv[1], "b");
	u_expect(sv[1], "");
	u_expect_nothing(sv[1]);
	u_expect(q[1], "x");
	u_expect(q[1], "");
	u_expect(q[1], "y");
	u_expect_nothing(q[1]);
	u_expect(one[1], "");
	u_expect_nothing(one[1]);
	prog_pass();
}
