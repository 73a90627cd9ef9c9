// SPDX-License-Identifier: Apache-2.0
/* SO_PEERCRED names who made, listened and connected, although some of them are dead. */
#include "unix.h"

int main(int argc, char **argv)
{
	struct uname name;
	int own[2], given[2], l, c, s, carry[2], fds[16], n;
	char buf[16];
	pid_t pair, listener, client;

	prog_init(argc, argv);
	name = u_file("l");
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, own));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, carry));
	pair = prog_fork();
	if (!pair) {
		CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, given));
		u_send_fds(carry[1], "pair", given, 2);
		_exit(0);
	}
	prog_reap(pair);
	CHECK_EQ(u_recv(carry[0], buf, sizeof(buf), fds, &n, NULL), 4);
	CHECK_EQ(n, 2);
	given[0] = fds[0];
	given[1] = fds[1];
	l = u_bound(SOCK_STREAM, name);
	listener = prog_fork();
	if (!listener) {
		CHECK(!listen(l, 5));
		_exit(0);
	}
	prog_reap(listener);
	client = prog_fork();
	if (!client) {
		c = u_connected(SOCK_STREAM, name);
		u_send_fds(carry[1], "client", &c, 1);
		_exit(0);
	}
	prog_reap(client);
	c = u_expect_fd(carry[0], "client");
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	prog_ready();
	prog_wait();
	u_check_peercred(own[0], getpid());
	u_check_peercred(own[1], getpid());
	u_check_peercred(given[0], pair);
	u_check_peercred(given[1], pair);
	u_check_peercred(c, listener);
	u_check_peercred(s, client);
	c = u_connected(SOCK_STREAM, name);
	u_check_peercred(c, listener);
	s = accept(l, NULL, NULL);
	u_check_peercred(s, getpid());
	prog_pass();
}
