// SPDX-License-Identifier: Apache-2.0
/* Sockets in the queues of sockets in the queues of sockets, and rings of them. */
#include "unix.h"

#define DEPTH 5

int main(int argc, char **argv)
{
	int sv[DEPTH][2], ring[2][2], self[2], i, fd, l, c, s;
	struct uname name;
	char text[16];

	prog_init(argc, argv);
	for (i = 0; i < DEPTH; i++)
		CHECK(!socketpair(AF_UNIX, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0, sv[i]));
	for (i = DEPTH - 1; i > 0; i--) {
		snprintf(text, sizeof(text), "level %d", i);
		u_send(sv[i][0], text);
		u_send_fds(sv[i - 1][0], "next", &sv[i][1], 1);
		close(sv[i][1]);
	}
	/* Two that carry each other, and one that carries itself. */
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, ring[0]));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, ring[1]));
	u_send_fds(ring[0][0], "1", &ring[1][1], 1);
	u_send_fds(ring[1][0], "0", &ring[0][1], 1);
	close(ring[1][1]);
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, self));
	u_send_fds(self[0], "self", &self[1], 1);
	u_send(self[0], "more");
	/* A listener under way, with somebody in its backlog. */
	name = u_file("l");
	l = u_listener(SOCK_STREAM, name, 3);
	c = u_connected(SOCK_STREAM, name);
	u_send(c, "knock");
	u_send_fds(ring[0][1], "listener", &l, 1);
	close(l);
	prog_ready();
	prog_wait();
	fd = sv[0][1];
	for (i = 1; i < DEPTH; i++) {
		int next = u_expect_fd(fd, "next");

		if (i > 1) {
			snprintf(text, sizeof(text), "level %d", i - 1);
			u_expect(fd, text);
		}
		fd = next;
	}
	u_expect(fd, "level 4");
	u_send(sv[DEPTH - 1][0], "through");
	u_expect(fd, "through");
	fd = u_expect_fd(ring[0][1], "1");
	fd = u_expect_fd(fd, "0");
	u_send(ring[0][0], "round");
	u_expect(fd, "round");
	l = u_expect_fd(ring[0][0], "listener");
	s = accept(l, NULL, NULL);
	CHECK(s >= 0);
	u_expect(s, "knock");
	fd = u_expect_fd(self[1], "self");
	u_expect(fd, "more");
	u_expect_nothing(self[1]);
	prog_pass();
}
