// SPDX-License-Identifier: Apache-2.0
/* O_DIRECT, O_SYNC, O_DSYNC and O_NOATIME stay in force. */
#include "prog.h"

int main(int argc, char **argv)
{
	static char buf[4096] __attribute__((aligned(4096)));
	int direct, sync, dsync, noatime;

	prog_init(argc, argv);
	sync = prog_file("f", 4096, 1, O_RDWR | O_SYNC);
	dsync = open(prog_path("f"), O_WRONLY | O_DSYNC);
	noatime = open(prog_path("f"), O_RDONLY | O_NOATIME);
	direct = open(prog_path("f"), O_RDWR | O_DIRECT);
	CHECK(sync >= 0 && dsync >= 0 && noatime >= 0);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(sync, F_GETFL) & O_SYNC, O_SYNC);
	CHECK_EQ(fcntl(dsync, F_GETFL) & O_SYNC, O_DSYNC);
	CHECK(fcntl(noatime, F_GETFL) & O_NOATIME);
	if (direct >= 0) {
		CHECK(fcntl(direct, F_GETFL) & O_DIRECT);
		CHECK_EQ(pread(direct, buf, 4096, 0), 4096);
		CHECK(prog_filled(buf, 4096, 1));
	}
	prog_pass();
}
