// SPDX-License-Identifier: Apache-2.0
/* A memfd of huge pages, open and mapped by two processes. */
#include "prog.h"

#define LEN (4ul << 20)

int main(int argc, char **argv)
{
	char path[64], link[64] = "", byte;
	int fd;
	char *p;
	pid_t pid;

	prog_init(argc, argv);
	fd = memfd_create("huge", MFD_HUGETLB | 21 << 26);
	if (fd < 0 || ftruncate(fd, LEN))
		prog_skip("no huge pages");
	p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		prog_skip("no huge pages to be had");
	prog_fill(p + 4096, LEN / 2, 3);
	pid = prog_fork();
	if (!pid) {
		prog_await("go");
		CHECK_EQ(p[100], 9);
		p[101] = 10;
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(prog_filled(p + 4096, LEN / 2, 3));
	p[100] = 9;
	prog_mark("go");
	prog_reap(pid);
	CHECK(pread(fd, &byte, 1, 101) == 1 && byte == 10);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(readlink(path, link, sizeof(link) - 1) > 0 && !strncmp(link, "/memfd:huge", 11));
	CHECK(pwrite(fd, "x", 1, 0) == -1);
	prog_pass();
}
