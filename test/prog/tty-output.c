/* SPDX-License-Identifier: Apache-2.0 */
/* Queued output, as the slave's modes have made it, and echo. */
#include "pty.h"

static char big[3000];

int main(int argc, char **argv)
{
	int master[3], slave[3], i;

	prog_init(argc, argv);
	for (i = 0; i < 3; i++)
		pty_pair(&master[i], &slave[i]);
	pty_put(slave[0], "a\nb\tc\n", 6);
	pty_put(master[1], "echo\n\001", 6);
	pty_raw(slave[2]);
	prog_fill(big, sizeof(big), 7);
	pty_put(slave[2], big, sizeof(big));
	CHECK(pty_ready(slave[1], POLLIN, 20000));
	CHECK(pty_ready(master[1], POLLIN, 20000));
	prog_nap_ms(50);
	prog_ready();
	prog_wait();
	pty_expect(master[0], "a\r\nb\tc\r\n", 8);
	pty_expect(master[1], "echo\r\n^A", 8);
	pty_expect_line(slave[1], "echo\n", 5);
	pty_expect(master[2], big, sizeof(big));
	pty_works(master[0], slave[0]);
	prog_pass();
}
