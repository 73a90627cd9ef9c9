// SPDX-License-Identifier: Apache-2.0
/* The other end has been closed: what it sent, then the end; with names, too. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname server, client;
	int sv[2], l, c, s, c2, s2, empty[2];

	prog_init(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	u_send(sv[1], "left behind");
	close(sv[1]);
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, empty));
	close(empty[1]);
	server = u_file("server");
	client = u_abstract("client");
	l = u_listener(SOCK_STREAM, server, 5);
	c = u_bound(SOCK_STREAM, client);
	CHECK(!u_connect(c, server));
	s = accept(l, NULL, NULL);
	u_send(c, "bye");
	close(c);
	c2 = u_connected(SOCK_STREAM, server);
	s2 = accept(l, NULL, NULL);
	close(s2);
	close(l);
	prog_ready();
	prog_wait();
	CHECK_EQ(u_ready(sv[0], POLLIN | POLLOUT), POLLIN | POLLOUT | POLLHUP);
	CHECK(send(sv[0], "x", 1, 0) == -1 && errno == EPIPE);
	u_expect(sv[0], "left behind");
	u_expect_end(sv[0]);
	u_expect_end(sv[0]);
	u_expect_end(empty[0]);
	u_check_own(s, &server);
	u_check_peer(s, &client);
	u_check_peercred(s, getpid());
	u_expect(s, "bye");
	u_expect_end(s);
	u_check_peer(c2, &server);
	u_check_own(c2, NULL);
	u_expect_end(c2);
	CHECK(send(c2, "x", 1, 0) == -1 && errno == EPIPE);
	/* The dead end's name is free again. */
	CHECK(!bind(u_socket(SOCK_STREAM), (struct sockaddr *)&client.a, client.len));
	prog_pass();
}
