// SPDX-License-Identifier: Apache-2.0
/* A pair of datagram sockets keeps messages apart, in both directions. */
#include "unix.h"

int main(int argc, char **argv)
{
	static char big[70000], buf[80000];
	int sv[2];

	prog_init(argc, argv);
	prog_fill(big, sizeof(big), 3);
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, sv));
	u_send(sv[0], "one");
	u_send(sv[0], "two and more");
	CHECK_EQ(send(sv[0], big, sizeof(big), 0), sizeof(big));
	u_send(sv[0], "three");
	u_send(sv[1], "back");
	u_send(sv[1], "and forth");
	prog_ready();
	prog_wait();
	u_expect(sv[1], "one");
	u_expect(sv[1], "two and more");
	CHECK_EQ(recv(sv[1], buf, sizeof(buf), 0), sizeof(big));
	CHECK(!memcmp(buf, big, sizeof(big)));
	u_expect(sv[1], "three");
	u_expect_nothing(sv[1]);
	u_expect(sv[0], "back");
	u_expect(sv[0], "and forth");
	u_expect_nothing(sv[0]);
	u_send(sv[0], "new");
	u_expect(sv[1], "new");
	prog_pass();
}
