// SPDX-License-Identifier: Apache-2.0
/* io_uring is not there for a job, so that programs fall back; other system calls are as ever. */
#include "prog.h"

static void check(void)
{
	char params[120] = { 0 };
	void *p;

	errno = 0;
	CHECK_EQ(syscall(SYS_io_uring_setup, 8, params), -1);
	CHECK_EQ(errno, ENOSYS);
	CHECK_EQ(syscall(SYS_getpid), getpid());
	errno = 0;
	CHECK_EQ(syscall(SYS_close, -1), -1);
	CHECK_EQ(errno, EBADF);
	/* Six arguments. */
	p = (void *)syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
	CHECK(p != MAP_FAILED && !*(char *)p);
	CHECK_EQ(syscall(SYS_munmap, p, PAGE), 0);
}

int main(int argc, char **argv)
{
	char params[120] = { 0 };

	prog_init(argc, argv);
	/* Without Cairn it is there, or forbidden. */
	if (!getenv("LD_PRELOAD") && syscall(SYS_io_uring_setup, 8, params) >= 0)
		prog_ready(), prog_wait(), prog_pass();
	prog_ready();
	prog_watch(check);
	prog_pass();
}
