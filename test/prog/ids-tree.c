// SPDX-License-Identifier: Apache-2.0
/* A tree of five fork levels in which every process knows its own and its parent's id. */
#include "prog.h"

#define DEPTH 4

static atomic_int *started;

static void grow(int depth, pid_t parent)
{
	pid_t self = getpid(), kids[2] = { 0, 0 };
	int i;

	CHECK_EQ(getppid(), parent);
	for (i = 0; depth && i < 2; i++) {
		kids[i] = prog_fork();
		if (!kids[i]) {
			grow(depth - 1, self);
			_exit(0);
		}
	}
	atomic_fetch_add(started, 1);
	while (!prog_done()) {
		CHECK_EQ(syscall(SYS_getpid), self);
		CHECK_EQ(getppid(), parent);
		prog_nap_ms(50);
	}
	for (i = 0; depth && i < 2; i++)
		prog_reap(kids[i]);
}

int main(int argc, char **argv)
{
	pid_t kid;

	prog_init(argc, argv);
	started = prog_map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	kid = getpid();
	kid = prog_fork() ?: (grow(DEPTH, kid), _exit(0), 0);
	while (atomic_load(started) < (1 << (DEPTH + 1)) - 1 && !prog_has("result"))
		prog_nap();
	prog_ready();
	prog_wait();
	prog_reap(kid);
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_EQ(errno, ECHILD);
	prog_pass();
}
