/* SPDX-License-Identifier: Apache-2.0 */
/* The group in the foreground has ended, and nobody has put another there. */
#include "pty.h"

static void leader(int slave)
{
	pid_t fore;

	CHECK_EQ(setsid(), getpid());
	CHECK(!ioctl(slave, TIOCSCTTY, 0));
	signal(SIGTTOU, SIG_IGN);
	fore = prog_fork();
	if (!fore) {
		CHECK(!setpgid(0, 0));
		CHECK(!tcsetpgrp(slave, getpid()));
		_exit(0);
	}
	prog_reap(fore);
	CHECK_EQ(tcgetpgrp(slave), fore);
	prog_mark("up");
	while (!prog_done()) {
		CHECK_EQ(tcgetpgrp(slave), fore);
		prog_nap();
	}
	CHECK(!tcsetpgrp(slave, getpid()));
	CHECK_EQ(tcgetpgrp(slave), getpid());
	_exit(0);
}

int main(int argc, char **argv)
{
	int master, slave;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pid = prog_fork();
	if (!pid)
		leader(slave);
	prog_await("up");
	prog_ready();
	prog_wait();
	prog_reap(pid);
	prog_pass();
}
