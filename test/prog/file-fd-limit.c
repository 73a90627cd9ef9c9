// SPDX-License-Identifier: Apache-2.0
/* Descriptors at the highest numbers that the limit allows. */
#include "prog.h"

int main(int argc, char **argv)
{
	struct rlimit l;
	char buf[101];
	int fd, last, below;

	prog_init(argc, argv);
	CHECK(!getrlimit(RLIMIT_NOFILE, &l));
	if (l.rlim_max > 1048576)
		l.rlim_max = 1048576;
	l.rlim_cur = l.rlim_max;
	CHECK(!setrlimit(RLIMIT_NOFILE, &l));
	fd = prog_file("f", 100, 1, O_RDONLY);
	last = dup2(fd, l.rlim_cur - 1);
	below = dup3(fd, l.rlim_cur - 2, O_CLOEXEC);
	CHECK(last == (int)l.rlim_cur - 1 && below == last - 1);
	close(fd);
	prog_ready();
	prog_wait();
	CHECK_EQ(read(last, buf, 60), 60);
	CHECK_EQ(read(below, buf + 60, 41), 40);
	CHECK(prog_filled(buf, 100, 1));
	CHECK(fcntl(below, F_GETFD) == FD_CLOEXEC && fcntl(last, F_GETFD) == 0);
	prog_pass();
}
