/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint tells nobody of a window's size; a change does, the group in the foreground. */
#include "pty.h"

static volatile sig_atomic_t winch;

static void on_winch(int sig)
{
	winch++;
}

static void leader(int slave)
{
	struct sigaction act = { .sa_handler = on_winch };
	struct winsize size;

	CHECK_EQ(setsid(), getpid());
	CHECK(!ioctl(slave, TIOCSCTTY, 0));
	sigaction(SIGWINCH, &act, NULL);
	prog_mark("up");
	while (!prog_done()) {
		CHECK_EQ(winch, 0);
		prog_nap();
	}
	prog_mark("go");
	while (!winch)
		prog_nap();
	CHECK(!ioctl(slave, TIOCGWINSZ, &size));
	CHECK_EQ(size.ws_row, 50);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct winsize size = { 24, 80, 0, 0 };
	int master, slave;
	pid_t pid;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	CHECK(!ioctl(master, TIOCSWINSZ, &size));
	pid = prog_fork();
	if (!pid)
		leader(slave);
	prog_await("up");
	prog_ready();
	prog_wait();
	prog_await("go");
	size.ws_row = 50;
	CHECK(!ioctl(master, TIOCSWINSZ, &size));
	prog_reap(pid);
	prog_pass();
}
