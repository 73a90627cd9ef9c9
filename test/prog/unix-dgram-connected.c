// SPDX-License-Identifier: Apache-2.0
/* Datagram sockets connected one way, both ways, in a row, to themselves, to one that is gone. */
#include "unix.h"

static struct uname n[4], gone, self, r1;
static int one, to, m[2], row[3], lost, lonely[2], own, old[2], other;

static void make(void)
{
	int i;

	n[0] = u_file("to");
	to = u_bound(SOCK_DGRAM, n[0]);
	one = u_connected(SOCK_DGRAM, n[0]);
	u_send(one, "oneway");
	/* Connected to each other by name. */
	n[1] = u_abstract("m0");
	n[2] = u_file("m1");
	m[0] = u_bound(SOCK_DGRAM, n[1]);
	m[1] = u_bound(SOCK_DGRAM, n[2]);
	CHECK(!u_connect(m[0], n[2]) && !u_connect(m[1], n[1]));
	u_send(m[0], "to m1");
	u_send(m[1], "to m0");
	for (i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "r%d", i);
		row[i] = u_bound(SOCK_DGRAM, u_abstract(name));
	}
	r1 = u_abstract("r1");
	CHECK(!u_connect(row[0], r1));
	CHECK(!u_connect(row[1], u_abstract("r2")));
	gone = u_file("gone");
	i = u_bound(SOCK_DGRAM, gone);
	lost = u_connected(SOCK_DGRAM, gone);
	close(i);
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, lonely));
	u_send(lonely[1], "bye");
	close(lonely[1]);
	self = u_abstract("self");
	own = u_bound(SOCK_DGRAM, self);
	CHECK(!u_connect(own, self));
	u_send(own, "me");
	/* One of a pair has gone over to somebody else. */
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, old));
	n[3] = u_abstract("other");
	other = u_bound(SOCK_DGRAM, n[3]);
	CHECK(!u_connect(old[1], n[3]));
	u_send(old[1], "new friend");
}

int main(int argc, char **argv)
{
	char c;

	prog_init(argc, argv);
	make();
	prog_ready();
	prog_wait();
	u_expect(to, "oneway");
	u_check_peer(one, &n[0]);
	u_send(one, "x");
	u_expect(to, "x");
	CHECK(send(to, "x", 1, 0) == -1 && errno == ENOTCONN);
	u_expect(m[1], "to m1");
	u_expect(m[0], "to m0");
	u_send(m[0], "y");
	u_expect(m[1], "y");
	/* Who is connected hears nobody else. */
	CHECK(u_connect(u_socket(SOCK_DGRAM), n[2]) == -1 && errno == EPERM);
	u_check_peer(row[0], &r1);
	CHECK(send(row[0], "z", 1, 0) == -1 && errno == EPERM);
	u_send(row[1], "zz");
	u_expect(row[2], "zz");
	CHECK(send(row[2], "x", 1, 0) == -1 && errno == ENOTCONN);
	u_check_peer(lost, &gone);
	CHECK(send(lost, "x", 1, 0) == -1 && errno == ECONNREFUSED);
	CHECK(send(lost, "x", 1, 0) == -1 && errno == ENOTCONN);
	u_expect(lonely[0], "bye");
	CHECK(send(lonely[0], "x", 1, 0) == -1 && errno == ECONNREFUSED);
	u_expect(own, "me");
	u_send(own, "myself");
	u_expect(own, "myself");
	u_expect(other, "new friend");
	u_check_peer(old[1], &n[3]);
	CHECK(send(old[0], "x", 1, 0) == -1 && errno == EPERM);
	CHECK(recv(old[0], &c, 1, MSG_DONTWAIT) == -1);
	prog_pass();
}
