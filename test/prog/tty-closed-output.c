/* SPDX-License-Identifier: Apache-2.0 */
/* What the last slave wrote before it was closed can be read, then the end shows. */
#include "pty.h"

int main(int argc, char **argv)
{
	int master, slave;
	char c;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_put(slave, "last words", 10);
	CHECK(pty_ready(master, POLLIN, 20000));
	close(slave);
	prog_ready();
	prog_wait();
	pty_expect_line(master, "last words", 10);
	CHECK_EQ(read(master, &c, 1), -1);
	CHECK_EQ(errno, EIO);
	prog_pass();
}
