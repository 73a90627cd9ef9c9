/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/tty, opened in a session that has one, and held by a process that is not in it. */
#include <sys/socket.h>
#include "pty.h"

static int master, tty;

static void check(void)
{
	struct stat st;

	CHECK(!fstat(tty, &st));
	CHECK_EQ(st.st_rdev, makedev(5, 0));
	CHECK(isatty(tty));
	pty_put(tty, "through", 7);
	pty_expect(master, "through", 7);
}

int main(int argc, char **argv)
{
	int slave, p[2];
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	CHECK(!pipe(p));
	tty = slave;
	/* One table of descriptors for both, for as long as it takes. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	CHECK(pid >= 0);
	if (!pid) {
		int fd;

		CHECK_EQ(setsid(), getpid());
		CHECK(!ioctl(slave, TIOCSCTTY, 0));
		fd = open("/dev/tty", O_RDWR);
		CHECK(fd >= 0);
		CHECK_EQ(write(p[1], &fd, sizeof(fd)), sizeof(fd));
		signal(SIGHUP, SIG_IGN);
		CHECK(!ioctl(fd, TIOCNOTTY));
		_exit(0);
	}
	CHECK_EQ(read(p[0], &tty, sizeof(tty)), sizeof(tty));
	prog_reap(pid);
	close(slave);
	prog_ready();
	prog_watch(check);
	prog_pass();
}
