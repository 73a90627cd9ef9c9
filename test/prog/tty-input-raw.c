/* SPDX-License-Identifier: Apache-2.0 */
/* Queued input without canonical mode: every byte there is, with flow control on and off. */
#include "pty.h"

int main(int argc, char **argv)
{
	int master[2], slave[2], i, n = 0;
	unsigned char all[512];
	struct termios t;

	prog_init(argc, argv);
	for (i = 0; i < 512; i++)
		all[i] = i;
	for (i = 0; i < 2; i++) {
		pty_pair(&master[i], &slave[i]);
		pty_raw(slave[i]);
		pty_put(master[i], all, sizeof(all));
		while (ioctl(slave[i], FIONREAD, &n) || n < (int)sizeof(all))
			prog_nap();
	}
	/* Signals and flow control come on after the bytes that would mean something to them. */
	CHECK(!tcgetattr(slave[1], &t));
	t.c_lflag |= ISIG | ECHO;
	t.c_iflag |= IXON | ICRNL;
	CHECK(!tcsetattr(slave[1], TCSANOW, &t));
	prog_ready();
	prog_wait();
	for (i = 0; i < 2; i++) {
		pty_expect(slave[i], all, sizeof(all));
		CHECK(!pty_ready(master[i], POLLIN, 100));
	}
	pty_put(master[1], "\r", 1);
	pty_expect(slave[1], "\n", 1);
	prog_pass();
}
