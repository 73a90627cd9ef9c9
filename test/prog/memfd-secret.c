// SPDX-License-Identifier: Apache-2.0
/* Secret memory, open and mapped, is still what read(2) cannot read. */
#include "prog.h"

#define LEN (8 * PAGE)

int main(int argc, char **argv)
{
	struct stat st;
	char *p, byte;
	pid_t pid;
	int fd;

	prog_init(argc, argv);
	fd = syscall(SYS_memfd_secret, O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, LEN))
		prog_skip("no secret memory");
	p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		prog_skip("no secret memory to be had");
	prog_fill(p, LEN, 8);
	pid = prog_fork();
	if (!pid) {
		prog_await("go");
		CHECK_EQ(p[0], 1);
		p[1] = 2;
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(prog_filled(p, LEN, 8));
	CHECK(!fstat(fd, &st) && st.st_size == LEN);
	CHECK(read(fd, &byte, 1) == -1);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	p[0] = 1;
	prog_mark("go");
	prog_reap(pid);
	CHECK_EQ(p[1], 2);
	prog_pass();
}
