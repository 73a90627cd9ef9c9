// SPDX-License-Identifier: Apache-2.0
/* A descriptor above a limit lowered later stays, and the limit too. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct rlimit l = { 20, 20 };
	char c;
	int fd;

	prog_init(argc, argv);
	fd = prog_file("data", 10, 1, O_RDONLY);
	CHECK_EQ(dup2(fd, 500), 500);
	close(fd);
	CHECK(!setrlimit(RLIMIT_NOFILE, &l));
	prog_ready();
	prog_wait();
	CHECK_EQ(read(500, &c, 1), 1);
	CHECK(dup2(500, 400) == -1 && errno == EBADF);
	CHECK(!getrlimit(RLIMIT_NOFILE, &l) && l.rlim_cur == 20 && l.rlim_max == 20);
	prog_pass();
}
