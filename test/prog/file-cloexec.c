// SPDX-License-Identifier: Apache-2.0
/* Close-on-exec holds: an exec afterwards sees exactly the descriptors it should. */
#include "prog.h"

int main(int argc, char **argv)
{
	char *args[] = { argv[0], argv[1], "again", NULL };
	int keep, lose;

	prog_init(argc, argv);
	if (argc == 3) {
		CHECK(fcntl(100, F_GETFD) == 0);
		CHECK(fcntl(101, F_GETFD) == -1 && errno == EBADF);
		CHECK_EQ(lseek(100, 0, SEEK_CUR), 5);
		prog_pass();
	}
	keep = prog_file("keep", 10, 1, O_RDONLY);
	lose = prog_file("lose", 10, 1, O_RDONLY);
	CHECK_EQ(dup2(keep, 100), 100);
	CHECK_EQ(dup3(lose, 101, O_CLOEXEC), 101);
	CHECK_EQ(lseek(keep, 5, SEEK_SET), 5);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(100, F_GETFD), 0);
	CHECK_EQ(fcntl(101, F_GETFD), FD_CLOEXEC);
	execv("/proc/self/exe", args);
	prog_fail(__FILE__, __LINE__, "execv");
}
