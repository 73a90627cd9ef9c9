/* SPDX-License-Identifier: Apache-2.0 */
/* The leader has ended: its terminal is nobody's now, but who has it open can go on using it. */
#include "pty.h"

static void left(int slave)
{
	signal(SIGHUP, SIG_IGN);
	prog_mark("left");
	prog_await("gone");
	prog_mark("up");
	while (!prog_done()) {
		CHECK_EQ(open("/dev/tty", O_RDWR), -1);
		CHECK_EQ(errno, ENXIO);
		prog_nap();
	}
	pty_put(slave, "left", 4);
	prog_await("seen");
	_exit(0);
}

int main(int argc, char **argv)
{
	int master, slave;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pid = prog_fork();
	if (!pid) {
		CHECK_EQ(setsid(), getpid());
		CHECK(!ioctl(slave, TIOCSCTTY, 0));
		if (!prog_fork())
			left(slave);
		prog_await("left");
		_exit(0);
	}
	prog_reap(pid);
	prog_mark("gone");
	prog_await("up");
	CHECK_EQ(tcgetsid(master), -1);
	prog_ready();
	prog_wait();
	CHECK_EQ(tcgetsid(master), -1);
	pty_expect(master, "left", 4);
	prog_mark("seen");
	/* Another session can have it. */
	pid = prog_fork();
	if (!pid) {
		CHECK_EQ(setsid(), getpid());
		CHECK(!ioctl(slave, TIOCSCTTY, 0));
		_exit(0);
	}
	prog_reap(pid);
	prog_pass();
}
