// SPDX-License-Identifier: Apache-2.0
/* Holds an io_uring that was made behind libc's back: a checkpoint is refused, the job goes on. */
#include "prog.h"

int main(int argc, char **argv)
{
	char params[120] = { 0 };
	long fd;

	prog_init(argc, argv);
	__asm__ volatile("syscall"
			 : "=a"(fd)
			 : "a"(SYS_io_uring_setup), "D"(8L), "S"(params)
			 : "rcx", "r11", "memory");
	if (fd < 0)
		prog_skip("io_uring is not permitted");
	prog_ready();
	prog_wait();
	CHECK(fcntl(fd, F_GETFD) >= 0);
	prog_pass();
}
