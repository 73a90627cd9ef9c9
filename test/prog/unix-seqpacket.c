// SPDX-License-Identifier: Apache-2.0
/* Records of SOCK_SEQPACKET stay apart, in both directions, over a connection with a name. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname name;
	int l, c, s;

	prog_init(argc, argv);
	name = u_abstract("seq");
	l = u_listener(SOCK_SEQPACKET, name, 5);
	c = u_connected(SOCK_SEQPACKET, name);
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	u_send(c, "first");
	u_send(c, "second");
	u_send(s, "answer");
	prog_ready();
	prog_wait();
	u_expect(s, "first");
	u_expect(s, "second");
	u_expect_nothing(s);
	u_expect(c, "answer");
	u_expect_nothing(c);
	u_check_own(s, &name);
	u_check_peer(c, &name);
	u_check_own(c, NULL);
	u_send(c, "x");
	close(c);
	u_expect(s, "x");
	u_expect_end(s);
	prog_pass();
}
