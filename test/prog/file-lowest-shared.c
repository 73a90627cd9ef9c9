// SPDX-License-Identifier: Apache-2.0
/* A new descriptor is the lowest that is free, also where two processes have one table of them. */
#include <cairn/cairn.h>

#include "prog.h"

#define CHECKPOINTS 20

int main(int argc, char **argv)
{
	int slot, fd, i, *over;
	pid_t pid;

	prog_init(argc, argv);
	over = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(over != MAP_FAILED);
	slot = open("/dev/null", O_WRONLY);
	CHECK(slot >= 0);
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	CHECK(pid >= 0);
	while (!pid && !__atomic_load_n(over, __ATOMIC_SEQ_CST)) {
		CHECK_EQ(close(slot), 0);
		fd = open("/dev/null", O_WRONLY);
		CHECK_EQ(fd, slot);
	}
	if (!pid) {
		prog_wait();
		CHECK_EQ(fcntl(slot, F_GETFD), 0);
		_exit(0);
	}
	for (i = 0; i < CHECKPOINTS && cairn_restarts() >= 0; i++)
		CHECK(cairn_checkpoint() >= 0);
	/* Marks are files: they would be in the way. */
	__atomic_store_n(over, 1, __ATOMIC_SEQ_CST);
	prog_nap_ms(50);
	CHECK(!prog_has("result"));
	prog_ready();
	prog_wait();
	prog_reap(pid);
	prog_pass();
}
