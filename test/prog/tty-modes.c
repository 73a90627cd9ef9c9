/* SPDX-License-Identifier: Apache-2.0 */
/* Modes that are neither raw nor the usual, speeds, special characters, and the window's size. */
#include "pty.h"

static int master, slave;
static struct termios modes;

static void check(void)
{
	struct winsize size;
	struct termios t;

	CHECK(!tcgetattr(slave, &t));
	CHECK_EQ(t.c_iflag, modes.c_iflag);
	CHECK_EQ(t.c_oflag, modes.c_oflag);
	CHECK_EQ(t.c_cflag, modes.c_cflag);
	CHECK_EQ(t.c_lflag, modes.c_lflag);
	CHECK(!memcmp(t.c_cc, modes.c_cc, NCCS));
	CHECK_EQ(cfgetospeed(&t), B9600);
	CHECK(!ioctl(slave, TIOCGWINSZ, &size));
	CHECK(size.ws_row == 33 && size.ws_col == 101 && size.ws_xpixel == 7 &&
	      size.ws_ypixel == 9);
	CHECK(!ioctl(master, TIOCGWINSZ, &size));
	CHECK(size.ws_row == 33 && size.ws_col == 101);
}

int main(int argc, char **argv)
{
	struct winsize size = { 33, 101, 7, 9 };
	struct termios t;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	CHECK(!ioctl(master, TIOCSWINSZ, &size));
	CHECK(!tcgetattr(slave, &t));
	t.c_lflag = ISIG | NOFLSH | TOSTOP | ECHOCTL;
	t.c_iflag = IGNPAR | INLCR | IXOFF | IXANY;
	t.c_oflag = OPOST | OCRNL | TAB3;
	t.c_cc[VINTR] = 7;
	t.c_cc[VSUSP] = 0;
	t.c_cc[VMIN] = 3;
	t.c_cc[VTIME] = 5;
	cfsetspeed(&t, B9600);
	CHECK(!tcsetattr(slave, TCSANOW, &t));
	CHECK(!tcgetattr(slave, &modes));
	prog_ready();
	prog_watch(check);
	prog_pass();
}
