// SPDX-License-Identifier: Apache-2.0
/* A regular file opened for reading keeps its offset. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[1000], want[3000];
	int fd;

	prog_init(argc, argv);
	prog_fill(want, sizeof(want), 1);
	fd = prog_file("data", 3000, 1, O_RDONLY);
	CHECK_EQ(read(fd, buf, 1000), 1000);
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1000);
		prog_nap();
	}
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	CHECK_EQ(read(fd, buf, 1000), 1000);
	CHECK(!memcmp(buf, want + 1000, 1000));
	prog_pass();
}
