/* SPDX-License-Identifier: Apache-2.0 */
/* A locked slave cannot be opened, an exclusive one not again, and each master keeps its own. */
#include "pty.h"

static int locked, exclusive, slave;

static void check(void)
{
	char name[64];
	int value = 0;

	CHECK(!ptsname_r(locked, name, sizeof(name)));
	CHECK_EQ(open(name, O_RDWR | O_NOCTTY), -1);
	CHECK_EQ(errno, EIO);
	CHECK(!ioctl(locked, TIOCGPTLCK, &value));
	CHECK_EQ(value, 1);
	CHECK(!ioctl(slave, TIOCGEXCL, &value));
	CHECK_EQ(value, 1);
	CHECK(!ioctl(exclusive, TIOCGEXCL, &value));
	CHECK_EQ(value, 0);
	CHECK(!ptsname_r(exclusive, name, sizeof(name)));
	value = open(name, O_RDWR | O_NOCTTY);
	if (geteuid())
		CHECK(value < 0 && errno == EBUSY);
	close(value);
}

int main(int argc, char **argv)
{
	prog_init(argc, argv);
	locked = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(locked >= 0);
	pty_pair(&exclusive, &slave);
	CHECK(!ioctl(slave, TIOCEXCL));
	prog_ready();
	prog_watch(check);
	CHECK(!unlockpt(locked));
	pty_works(locked, pty_slave(locked));
	CHECK(!ioctl(slave, TIOCNXCL));
	close(pty_slave(exclusive));
	pty_works(exclusive, slave);
	prog_pass();
}
