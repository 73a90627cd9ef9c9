// SPDX-License-Identifier: Apache-2.0
/* Urgent data: pending with bytes around it, alone, inline, and read already. */
#include "unix.h"

static int at_mark(int fd)
{
	int v = -1;

	CHECK(!ioctl(fd, SIOCATMARK, &v));
	return v;
}

/* Older kernels forget the mark when the byte is read ahead of what is before it. */
static bool keeps_mark(void)
{
	int p[2];
	bool kept;
	char c;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	u_send(p[0], "x");
	CHECK_EQ(send(p[0], "!", 1, MSG_OOB), 1);
	u_send(p[0], "y");
	kept = recv(p[1], &c, 1, MSG_OOB) == 1 && recv(p[1], &c, 1, 0) == 1 && at_mark(p[1]);
	close(p[0]);
	close(p[1]);
	return kept;
}

int main(int argc, char **argv)
{
	int a[2], alone[2], in[2], done[2];
	char c;

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, a));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, alone));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, in));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, done));
	if (send(a[0], "!", 1, MSG_OOB) != 1)
		prog_skip("this kernel has no urgent data on unix sockets");
	CHECK_EQ(recv(a[1], &c, 1, MSG_OOB), 1);
	CHECK(recv(a[1], &c, 1, MSG_DONTWAIT) == -1);
	if (!keeps_mark())
		prog_skip("this kernel forgets the mark of urgent data that has been read");
	u_send(a[0], "before");
	CHECK_EQ(send(a[0], "!", 1, MSG_OOB), 1);
	u_send(a[0], "after");
	CHECK_EQ(send(alone[0], "?", 1, MSG_OOB), 1);
	u_send(in[0], "12");
	CHECK_EQ(send(in[0], "3", 1, MSG_OOB), 1);
	u_send(in[0], "45");
	u_set(in[1], SO_OOBINLINE, 1);
	u_send(done[0], "one");
	CHECK_EQ(send(done[0], "#", 1, MSG_OOB), 1);
	u_send(done[0], "two");
	CHECK_EQ(recv(done[1], &c, 1, MSG_OOB), 1);
	prog_ready();
	prog_wait();
	CHECK_EQ(u_ready(a[1], POLLIN | POLLPRI), POLLIN | POLLPRI);
	CHECK_EQ(recv(a[1], &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, '!');
	CHECK_EQ(at_mark(a[1]), 0);
	/* Reading stops at the mark. */
	u_expect(a[1], "before");
	CHECK_EQ(at_mark(a[1]), 1);
	u_expect(a[1], "after");
	CHECK_EQ(at_mark(alone[1]), 1);
	CHECK_EQ(recv(alone[1], &c, 1, MSG_OOB), 1);
	CHECK_EQ(c, '?');
	CHECK(recv(alone[1], &c, 1, MSG_OOB) == -1);
	u_expect(in[1], "12");
	CHECK_EQ(at_mark(in[1]), 1);
	u_expect(in[1], "345");
	CHECK_EQ(u_ready(done[1], POLLPRI), 0);
	u_expect(done[1], "one");
	u_expect(done[1], "two");
	prog_pass();
}
