// SPDX-License-Identifier: Apache-2.0
/* A thread that blocks all signals can be checkpointed and reads its full mask back. */
#include "prog.h"

static sigset_t before;

static void check(void)
{
	sigset_t now;
	int s;

	CHECK(!sigprocmask(SIG_BLOCK, NULL, &now));
	for (s = 1; s <= 64; s++)
		CHECK_EQ(sigismember(&now, s), sigismember(&before, s));
}

/* By the system call itself too, which spares not even the C library's own signals. */
static void raw(void)
{
	uint64_t all = ~0ULL, now;

	CHECK(!syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8));
	CHECK(!syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &now, 8));
	all = now;
	prog_mark("up");
	while (!prog_done()) {
		CHECK(!syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &now, 8));
		CHECK(now == all);
		prog_nap();
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	sigset_t all;
	pid_t pid;

	prog_init(argc, argv);
	pid = prog_fork();
	if (!pid)
		raw();
	sigfillset(&all);
	CHECK(!sigprocmask(SIG_SETMASK, &all, NULL));
	CHECK(!sigprocmask(SIG_BLOCK, NULL, &before));
	prog_await("up");
	prog_ready();
	prog_watch(check);
	prog_reap(pid);
	prog_pass();
}
