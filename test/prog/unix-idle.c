// SPDX-License-Identifier: Apache-2.0
/* Sockets that are not connected: new, named, of each type; used afterwards. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname stream, seq;
	int s, b, d, q, c, a;

	prog_init(argc, argv);
	stream = u_file("bound");
	seq = u_abstract("bound");
	s = u_socket(SOCK_STREAM);
	b = u_bound(SOCK_STREAM, stream);
	d = u_socket(SOCK_DGRAM);
	q = u_bound(SOCK_SEQPACKET, seq);
	prog_ready();
	prog_wait();
	u_check_own(s, NULL);
	u_check_own(b, &stream);
	u_check_own(d, NULL);
	u_check_own(q, &seq);
	CHECK_EQ(u_get(s, SO_TYPE), SOCK_STREAM);
	CHECK_EQ(u_get(d, SO_TYPE), SOCK_DGRAM);
	CHECK_EQ(u_get(q, SO_TYPE), SOCK_SEQPACKET);
	CHECK_EQ(u_get(b, SO_ACCEPTCONN), 0);
	CHECK(send(s, "x", 1, 0) == -1 && errno == ENOTCONN);
	CHECK(u_connect(s, stream) == -1 && errno == ECONNREFUSED);
	CHECK(!listen(b, 3));
	CHECK(!u_connect(s, stream));
	a = accept(b, NULL, NULL);
	CHECK(a >= 0);
	u_send(a, "x");
	u_expect(s, "x");
	CHECK(!listen(q, 3));
	c = u_connected(SOCK_SEQPACKET, seq);
	u_check_peer(c, &seq);
	CHECK(send(d, "x", 1, 0) == -1 && errno == ENOTCONN);
	prog_pass();
}
