/* SPDX-License-Identifier: Apache-2.0 */
/* Hung up, as login does it: descriptors of before are cut off, the terminal goes on. */
#include "pty.h"

static int old;

static void check(void)
{
	char c;

	CHECK_EQ(read(old, &c, 1), 0);
	CHECK_EQ(write(old, "x", 1), -1);
	CHECK_EQ(errno, EIO);
}

int main(int argc, char **argv)
{
	int master, slave;

	prog_init(argc, argv);
	pty_pair(&master, &old);
	if (ioctl(old, TIOCVHANGUP))
		prog_skip("only root may hang up a terminal");
	slave = pty_slave(master);
	prog_ready();
	prog_watch(check);
	pty_works(master, slave);
	prog_pass();
}
