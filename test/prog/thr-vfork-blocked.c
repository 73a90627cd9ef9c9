// SPDX-License-Identifier: Apache-2.0
/*
 * A thread with all signals blocked behind libc's back is most of the time where nothing
 * interrupts: it waits for a child that has its memory. It takes part as soon as it comes out.
 */
#include "prog.h"

#include <sys/syscall.h>

static atomic_long rounds;

static int borrow(void *unused)
{
	struct timespec t = { 0, 900000000 };

	syscall(SYS_nanosleep, &t, NULL);
	_exit(3);
}

static void *waiter(void *unused)
{
	static _Alignas(16) char stack[16384];
	unsigned long all = ~0ul;
	int status;
	pid_t pid;

	CHECK(!syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8));
	while (!prog_done()) {
		pid = clone(borrow, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		CHECK(pid > 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 3 << 8);
		atomic_fetch_add(&rounds, 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	prog_thread(&t, waiter, NULL);
	while (!atomic_load(&rounds))
		prog_nap();
	prog_ready();
	prog_wait();
	pthread_join(t, NULL);
	prog_pass();
}
