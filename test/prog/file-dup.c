// SPDX-License-Identifier: Apache-2.0
/* Duplicates share offset and status flags but not the close-on-exec flag. */
#include "prog.h"

int main(int argc, char **argv)
{
	int fd, two, high, apart;

	prog_init(argc, argv);
	fd = prog_file("data", 1000, 6, O_RDWR);
	two = dup(fd);
	high = fcntl(fd, F_DUPFD_CLOEXEC, 300);
	CHECK(two >= 0);
	CHECK_EQ(high, 300);
	apart = open(prog_path("data"), O_RDWR);
	CHECK_EQ(lseek(two, 400, SEEK_SET), 400);
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), 400);
		CHECK_EQ(lseek(apart, 0, SEEK_CUR), 0);
		prog_nap();
	}
	CHECK_EQ(lseek(high, 0, SEEK_CUR), 400);
	CHECK_EQ(lseek(fd, 500, SEEK_SET), 500);
	CHECK_EQ(lseek(two, 0, SEEK_CUR), 500);
	CHECK_EQ(lseek(high, 0, SEEK_CUR), 500);
	CHECK_EQ(lseek(apart, 0, SEEK_CUR), 0);
	CHECK_EQ(fcntl(two, F_GETFD), 0);
	CHECK_EQ(fcntl(high, F_GETFD), FD_CLOEXEC);
	CHECK(!fcntl(high, F_SETFL, O_RDWR | O_APPEND));
	CHECK(fcntl(fd, F_GETFL) & O_APPEND);
	CHECK(!(fcntl(apart, F_GETFL) & O_APPEND));
	prog_pass();
}
