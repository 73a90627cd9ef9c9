// SPDX-License-Identifier: Apache-2.0
/* The place where peeking goes on, and that looking at queues leaves them as they are. */
#include "unix.h"

static void peek(int fd, const char *text)
{
	char buf[16];
	ssize_t n = recv(fd, buf, strlen(text), MSG_PEEK);

	CHECK_EQ(n, strlen(text));
	CHECK(!memcmp(buf, text, n));
}

int main(int argc, char **argv)
{
	int s[2], off[2];

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, off));
	u_send(s[0], "0123456789");
	u_set(s[1], SO_PEEK_OFF, 0);
	peek(s[1], "012");
	u_send(off[0], "0123456789");
	prog_ready();
	prog_wait();
	CHECK_EQ(u_get(s[1], SO_PEEK_OFF), 3);
	peek(s[1], "3456");
	CHECK_EQ(u_get(off[1], SO_PEEK_OFF), -1);
	peek(off[1], "012");
	peek(off[1], "012");
	u_expect(s[1], "0123456789");
	u_expect(off[1], "0123456789");
	prog_pass();
}
