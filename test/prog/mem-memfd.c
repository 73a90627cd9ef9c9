// SPDX-License-Identifier: Apache-2.0
/* A memfd, mapped by two processes and open, with seals, name and offset. */
#include "prog.h"

#define LEN (32 * PAGE)

int main(int argc, char **argv)
{
	char *mem, byte, link[256] = "";
	int fd;
	pid_t pid;

	prog_init(argc, argv);
	fd = memfd_create("cargo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(fd >= 0 && !ftruncate(fd, LEN));
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	prog_fill(mem, LEN, 6);
	CHECK(!fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	CHECK_EQ(lseek(fd, 1234, SEEK_SET), 1234);
	pid = prog_fork();
	if (!pid) {
		prog_await("changed");
		CHECK_EQ(mem[7 * PAGE], 0x21);
		mem[8 * PAGE] = 0x22;
		_exit(0);
	}
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem, LEN, 6));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1234);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	mem[7 * PAGE] = 0x21;
	prog_mark("changed");
	prog_reap(pid);
	CHECK(pread(fd, &byte, 1, 8 * PAGE) == 1 && byte == 0x22);
	CHECK(ftruncate(fd, LEN + PAGE) == -1 && errno == EPERM);
	CHECK(readlink("/proc/self/fd/3", link, sizeof(link) - 1) > 0 || fd != 3);
	CHECK(fd != 3 || strstr(link, "memfd:cargo"));
	prog_pass();
}
