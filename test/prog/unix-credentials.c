// SPDX-License-Identifier: Apache-2.0
/* Credentials with messages: of several processes, also dead ones, and only where they were. */
#include "unix.h"

static void expect_from(int fd, const char *text, pid_t pid)
{
	struct ucred c;
	char buf[64];
	int fds[16], n;

	CHECK_EQ(u_recv(fd, buf, sizeof(buf), fds, &n, &c), strlen(text));
	CHECK(!memcmp(buf, text, strlen(text)));
	CHECK_EQ(c.pid, pid);
	if (pid) {
		CHECK_EQ(c.uid, geteuid());
		CHECK_EQ(c.gid, getegid());
	}
}

static pid_t child(int s, int d, const char *text)
{
	pid_t pid = prog_fork();

	if (!pid) {
		u_send(s, text);
		u_send(d, text);
		_exit(0);
	}
	prog_reap(pid);
	return pid;
}

int main(int argc, char **argv)
{
	int s[2], d[2], plain[2];
	pid_t a, b;

	prog_init(argc, argv);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, s) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, d));
	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, plain));
	u_send(plain[0], "without");
	u_set(s[1], SO_PASSCRED, 1);
	u_set(d[1], SO_PASSCRED, 1);
	u_send(s[0], "mine ");
	u_send(s[0], "and mine");
	u_send(d[0], "mine");
	a = child(s[0], d[0], "first child");
	b = child(s[0], d[0], "second child");
	u_send(s[0], "mine again");
	prog_ready();
	prog_wait();
	/* What different processes wrote is never glued together. */
	expect_from(s[1], "mine and mine", getpid());
	expect_from(s[1], "first child", a);
	expect_from(s[1], "second child", b);
	expect_from(s[1], "mine again", getpid());
	expect_from(d[1], "mine", getpid());
	expect_from(d[1], "first child", a);
	expect_from(d[1], "second child", b);
	u_set(plain[1], SO_PASSCRED, 1);
	expect_from(plain[1], "without", 0);
	CHECK_EQ(u_get(s[1], SO_PASSCRED), 1);
	CHECK_EQ(u_get(s[0], SO_PASSCRED), 0);
	u_send(s[0], "now");
	expect_from(s[1], "now", getpid());
	prog_pass();
}
