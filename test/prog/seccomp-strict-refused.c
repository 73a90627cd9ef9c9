// SPDX-License-Identifier: Apache-2.0
/* A process in seccomp's strict mode cannot be saved; to try must not kill it. */
#include "seccomp.h"

int main(int argc, char **argv)
{
	int to[2], from[2], status;
	pid_t child;
	char c = 0;

	prog_init(argc, argv);
	CHECK(!pipe(to) && !pipe(from));
	child = prog_fork();
	if (!child) {
		CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
		write(from[1], "s", 1);
		while (read(to[0], &c, 1) != 1)
			;
		write(from[1], "x", 1);
		for (;;)
			__asm__ volatile("syscall" ::"a"(SYS_exit), "D"(0) : "rcx", "r11");
	}
	CHECK_EQ(read(from[0], &c, 1), 1);
	prog_ready();
	prog_wait();
	CHECK_EQ(write(to[1], "g", 1), 1);
	CHECK_EQ(read(from[0], &c, 1), 1);
	CHECK_EQ(c, 'x');
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	prog_pass();
}
