// SPDX-License-Identifier: Apache-2.0
/* A child replaces itself by exec again and again, counting in its arguments. */
#include "prog.h"

static void step(char **argv, pid_t self, long n)
{
	char count[32], id[32];
	char *args[] = { argv[0], argv[1], id, count, NULL };

	CHECK_EQ(getpid(), self);
	if (n == 3)
		prog_mark("third");
	if (prog_done() && n > 3)
		_exit(0);
	snprintf(id, sizeof(id), "%d", self);
	snprintf(count, sizeof(count), "%ld", n + 1);
	execv("/proc/self/exe", args);
	prog_fail(__FILE__, __LINE__, "execv");
}

int main(int argc, char **argv)
{
	pid_t pid;

	prog_init(argc, argv);
	if (argc == 4)
		step(argv, atoi(argv[2]), atol(argv[3]));
	pid = prog_fork();
	if (!pid)
		step(argv, getpid(), 0);
	prog_await("third");
	prog_ready();
	prog_wait();
	prog_reap(pid);
	prog_pass();
}
