// SPDX-License-Identifier: Apache-2.0
/* A file opened with O_APPEND still appends, whatever its offset. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[400];
	int fd;

	prog_init(argc, argv);
	fd = prog_file("log", 100, 2, O_RDWR | O_APPEND);
	CHECK_EQ(write(fd, "before", 6), 6);
	CHECK_EQ(lseek(fd, 10, SEEK_SET), 10);
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10);
		prog_nap();
	}
	CHECK(fcntl(fd, F_GETFL) & O_APPEND);
	CHECK_EQ(write(fd, "after", 5), 5);
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 111);
	CHECK(prog_filled(buf, 100, 2));
	CHECK(!memcmp(buf + 100, "beforeafter", 11));
	prog_pass();
}
