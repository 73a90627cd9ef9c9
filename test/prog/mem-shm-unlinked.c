// SPDX-License-Identifier: Apache-2.0
/* A POSIX shared memory object that has no name any more, shared by two processes. */
#include "prog.h"

#define LEN (16 * PAGE)

int main(int argc, char **argv)
{
	char name[64], *mem;
	pid_t pid;
	int fd;

	prog_init(argc, argv);
	snprintf(name, sizeof(name), "/cairn-test-u%d-%lx", getpid(), time(NULL));
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, LEN) && !shm_unlink(name));
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	prog_fill(mem, LEN, 81);
	pid = prog_fork();
	if (!pid) {
		prog_wait();
		CHECK(prog_filled(mem, LEN, 81));
		mem[2 * PAGE] = 0x2a;
		prog_mark("wrote");
		_exit(0);
	}
	prog_ready();
	prog_wait();
	prog_await("wrote");
	CHECK_EQ(mem[2 * PAGE], 0x2a);
	prog_reap(pid);
	prog_pass();
}
