// SPDX-License-Identifier: Apache-2.0
/* A child made by clone() on its own stack, without sharing, counts like any other. */
#include "prog.h"

static int child(void *arg)
{
	volatile int n = 0;

	CHECK_EQ(*(int *)arg, 4711);
	prog_mark("up");
	while (!prog_done()) {
		n++;
		prog_nap();
	}
	return n > 0 ? 23 : 1;
}

int main(int argc, char **argv)
{
	size_t size = 256 * 1024;
	int arg = 4711, status;
	char *stack;
	pid_t pid;

	prog_init(argc, argv);
	stack = prog_map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid = clone(child, stack + size, SIGCHLD, &arg);
	CHECK(pid > 0);
	prog_await("up");
	prog_ready();
	prog_wait();
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 23);
	prog_pass();
}
