/* SPDX-License-Identifier: Apache-2.0 */
/* In a session with a terminal, one process has given it up and one was born after that. */
#include "pty.h"

static bool has_tty(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd >= 0)
		close(fd);
	else
		CHECK_EQ(errno, ENXIO);
	return fd >= 0;
}

static void watch(bool want)
{
	while (!prog_done()) {
		CHECK_EQ(has_tty(), want);
		prog_nap();
	}
	_exit(0);
}

static void leader(int slave)
{
	pid_t keeps, gives;
	int tty;

	CHECK_EQ(setsid(), getpid());
	CHECK(!ioctl(slave, TIOCSCTTY, 0));
	keeps = prog_fork();
	if (!keeps)
		watch(true);
	gives = prog_fork();
	if (!gives) {
		pid_t born;

		tty = open("/dev/tty", O_RDWR);
		CHECK(tty >= 0 && !ioctl(tty, TIOCNOTTY));
		close(tty);
		born = prog_fork();
		if (!born)
			watch(false);
		prog_mark("up");
		while (!prog_done()) {
			CHECK(!has_tty());
			prog_nap();
		}
		prog_reap(born);
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	while (!prog_done()) {
		CHECK(has_tty());
		prog_nap();
	}
	prog_reap(keeps);
	prog_reap(gives);
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
	prog_reap(pid);
	pty_works(master, slave);
	prog_pass();
}
