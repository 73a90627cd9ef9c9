// SPDX-License-Identifier: Apache-2.0
/* The kernel shows under a pidfd the process that it showed before. */
#include "prog.h"

static int shown(int fd)
{
	char path[64], text[512], *p;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	p = strstr(text, "Pid:");
	CHECK(p);
	return atoi(p + 4);
}

int main(int argc, char **argv)
{
	int child, self;
	pid_t pid;

	prog_init(argc, argv);
	pid = prog_fork();
	if (!pid) {
		prog_await("go");
		_exit(0);
	}
	child = syscall(SYS_pidfd_open, pid, 0);
	self = syscall(SYS_pidfd_open, getpid(), 0);
	CHECK(child >= 0 && self >= 0);
	prog_ready();
	prog_wait();
	CHECK_EQ(shown(child), pid);
	CHECK_EQ(shown(self), getpid());
	prog_mark("go");
	prog_reap(pid);
	CHECK_EQ(shown(child), -1);
	prog_pass();
}
