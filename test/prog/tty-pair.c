/* SPDX-License-Identifier: Apache-2.0 */
/* A pty with both sides in one process: names, numbers, devices, and bytes both ways. */
#include "pty.h"

int main(int argc, char **argv)
{
	char name[64], again[64];
	struct stat st, now;
	int master, slave, number, n;

	prog_init(argc, argv);
	pty_pair(&master, &slave);
	CHECK(!ttyname_r(slave, name, sizeof(name)));
	CHECK(!fstat(slave, &st));
	CHECK(!ioctl(master, TIOCGPTN, &number));
	prog_ready();
	while (!prog_done()) {
		CHECK(!ttyname_r(slave, again, sizeof(again)));
		CHECK(!strcmp(name, again));
		CHECK(!ptsname_r(master, again, sizeof(again)));
		CHECK(!strcmp(name, again));
		CHECK(!ioctl(master, TIOCGPTN, &n));
		CHECK_EQ(n, number);
		CHECK(!fstat(slave, &now));
		CHECK_EQ(now.st_rdev, st.st_rdev);
		CHECK_EQ(now.st_mode, st.st_mode);
		CHECK(!stat(name, &now));
		CHECK_EQ(now.st_rdev, st.st_rdev);
		CHECK(isatty(slave) && isatty(master));
		pty_works(master, slave);
		prog_nap();
	}
	prog_pass();
}
