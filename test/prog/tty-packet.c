/* SPDX-License-Identifier: Apache-2.0 */
/* Packet mode: what has happened on the slave's side, and then data behind a zero. */
#include "pty.h"

int main(int argc, char **argv)
{
	int master[2], slave[2], on = 1, i, value;
	struct termios t;

	prog_init(argc, argv);
	for (i = 0; i < 2; i++) {
		pty_pair(&master[i], &slave[i]);
		CHECK(!ioctl(master[i], TIOCPKT, &on));
		pty_put(slave[i], "text", 4);
		CHECK(pty_ready(master[i], POLLIN, 20000));
	}
	/* Not read yet: flow control was given up, and input thrown away. */
	CHECK(!tcgetattr(slave[1], &t));
	t.c_iflag &= ~IXON;
	CHECK(!tcsetattr(slave[1], TCSANOW, &t));
	CHECK(!tcflush(slave[1], TCIFLUSH));
	prog_ready();
	prog_wait();
	for (i = 0; i < 2; i++) {
		CHECK(!ioctl(master[i], TIOCGPKT, &value));
		CHECK_EQ(value, 1);
	}
	CHECK(!pty_ready(master[0], POLLPRI, 0));
	pty_expect(master[0], "\0text", 5);
	CHECK(pty_ready(master[1], POLLPRI, 0));
	pty_expect_line(master[1], (char[]){ TIOCPKT_NOSTOP | TIOCPKT_FLUSHREAD }, 1);
	CHECK(!pty_ready(master[1], POLLPRI, 0));
	pty_expect(master[1], "\0text", 5);
	prog_pass();
}
