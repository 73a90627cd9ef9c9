/* SPDX-License-Identifier: Apache-2.0 */
/* Queued input in canonical mode: lines, ends of file, literal characters, an unfinished line. */
#include "pty.h"

int main(int argc, char **argv)
{
	int master, slave, count = -1;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	pty_local(slave, ECHO, ICANON);
	pty_put(master, "one\ntwo\n", 8);
	pty_put(master, "part\004", 5);
	pty_put(master, "\004", 1);
	/* Control characters as data, by the one that quotes. */
	pty_put(master, "q\026\004\026\026\026\003\026\nr\n", 11);
	pty_put(master, "unfin", 5);
	CHECK(pty_ready(slave, POLLIN, 20000));
	while (ioctl(slave, FIONREAD, &count) || count < 8 + 4 + 7)
		prog_nap();
	prog_nap_ms(50);
	prog_ready();
	prog_wait();
	pty_expect_line(slave, "one\n", 4);
	pty_expect_line(slave, "two\n", 4);
	pty_expect_line(slave, "part", 4);
	pty_expect_line(slave, "", 0);
	pty_expect_line(slave, "q\004\026\003\nr\n", 7);
	CHECK(!pty_ready(slave, POLLIN, 0));
	/* It can be edited still: the last character goes, others come. */
	pty_put(master, "\177ished\n", 7);
	pty_expect_line(slave, "unfiished\n", 10);
	CHECK(!pty_ready(master, POLLIN, 100));
	prog_pass();
}
