// SPDX-License-Identifier: Apache-2.0
/* Files opened write-only, with O_SYNC, O_NOATIME, O_NOFOLLOW and O_DIRECTORY keep that. */
#include "prog.h"

int main(int argc, char **argv)
{
	int wo, sync, noatime, dir, fl[4];
	char c;

	prog_init(argc, argv);
	wo = prog_file("wo", 10, 1, O_WRONLY);
	sync = prog_file("sync", 10, 1, O_RDWR | O_DSYNC);
	noatime = prog_file("noatime", 10, 1, O_RDONLY | O_NOATIME | O_NOFOLLOW);
	dir = open(prog_dir, O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0);
	/* A file the program itself may not open any more. */
	CHECK(!fchmod(wo, 0200));
	fl[0] = fcntl(wo, F_GETFL);
	fl[1] = fcntl(sync, F_GETFL);
	fl[2] = fcntl(noatime, F_GETFL);
	fl[3] = fcntl(dir, F_GETFL);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(wo, F_GETFL), fl[0]);
	CHECK_EQ(fcntl(sync, F_GETFL), fl[1]);
	CHECK_EQ(fcntl(noatime, F_GETFL), fl[2]);
	CHECK_EQ(fcntl(dir, F_GETFL), fl[3]);
	CHECK(read(wo, &c, 1) == -1 && errno == EBADF);
	CHECK(write(noatime, "", 1) == -1 && errno == EBADF);
	CHECK_EQ(write(wo, "y", 1), 1);
	prog_pass();
}
