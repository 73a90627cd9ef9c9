// SPDX-License-Identifier: Apache-2.0
/* Descriptors under way: files with offset, pipes with content, sockets; each with its byte. */
#include "unix.h"

static void check_file(int fd)
{
	char buf[100];

	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 100);
	CHECK_EQ(read(fd, buf, 100), 100);
	CHECK(lseek(fd, -100, SEEK_CUR) == 100);
}

int main(int argc, char **argv)
{
	int s[2], d[2], q[2], p[2], both[2], inner[2], fds[16], n, f, g;
	char buf[64];

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, s) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, d));
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, q) && !pipe(p));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, inner));
	f = prog_file("data", 1000, 1, O_RDONLY);
	CHECK_EQ(lseek(f, 100, SEEK_SET), 100);
	CHECK_EQ(write(p[1], "piped", 5), 5);
	u_send(s[0], "plain ");
	u_send_fds(s[0], "file", &f, 1);
	u_send(s[0], " between ");
	both[0] = p[0];
	both[1] = p[1];
	u_send_fds(s[0], "pipe", both, 2);
	u_send(s[0], " end");
	u_send(inner[0], "inside");
	u_send_fds(d[0], "socket", &inner[1], 1);
	u_send(d[0], "nothing");
	u_send_fds(q[0], "same file", &f, 1);
	/* Nobody has the pipe and the socket but the queues. */
	close(p[0]);
	close(p[1]);
	close(inner[1]);
	prog_ready();
	prog_wait();
	/* A read goes over plain bytes to those with descriptors, and ends with them. */
	CHECK_EQ(u_recv(s[1], buf, 3, fds, &n, NULL), 3);
	CHECK_EQ(n, 0);
	CHECK_EQ(u_recv(s[1], buf, 3, fds, &n, NULL), 3);
	CHECK_EQ(n, 0);
	g = u_expect_fd(s[1], "file");
	check_file(g);
	CHECK_EQ(u_recv(s[1], buf, sizeof(buf), fds, &n, NULL), 13);
	CHECK(!memcmp(buf, " between pipe", 13));
	CHECK_EQ(n, 2);
	CHECK_EQ(write(fds[1], "!", 1), 1);
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 6);
	CHECK(!memcmp(buf, "piped!", 6));
	u_expect(s[1], " end");
	n = u_expect_fd(d[1], "socket");
	u_expect(n, "inside");
	u_send(n, "out");
	u_expect(inner[0], "out");
	u_expect(d[1], "nothing");
	n = u_expect_fd(q[1], "same file");
	/* One description, however often it travels. */
	check_file(n);
	CHECK_EQ(lseek(n, 500, SEEK_SET), 500);
	CHECK_EQ(lseek(f, 0, SEEK_CUR), 500);
	CHECK_EQ(lseek(g, 0, SEEK_CUR), 500);
	prog_pass();
}
