/* SPDX-License-Identifier: Apache-2.0 */
/* Slaves whose master is closed, and masters whose slaves are. */
#include "pty.h"

static int hung, master, never;

static void check(void)
{
	char c;
	int n;

	CHECK_EQ(read(hung, &c, 1), 0);
	CHECK_EQ(write(hung, "x", 1), -1);
	CHECK_EQ(errno, EIO);
	CHECK(!isatty(hung));
	CHECK(pty_ready(hung, POLLHUP, 0));
	CHECK(pty_ready(master, POLLHUP, 0));
	CHECK_EQ(read(master, &c, 1), -1);
	CHECK_EQ(errno, EIO);
	CHECK(!pty_ready(never, POLLHUP | POLLIN, 0));
	CHECK(!ioctl(never, TIOCGPTN, &n));
}

int main(int argc, char **argv)
{
	int other, slave;

	prog_init(argc, argv);
	pty_pair(&other, &hung);
	close(other);
	pty_pair(&master, &slave);
	close(slave);
	never = pty_master();
	prog_ready();
	prog_watch(check);
	/* The closed one can be opened again, and the new one for the first time. */
	pty_works(master, pty_slave(master));
	pty_works(never, pty_slave(never));
	prog_pass();
}
