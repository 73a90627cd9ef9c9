// SPDX-License-Identifier: Apache-2.0
/* A session leader that has ended but is not waited for; its children live on in its session. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t leader, parent = getppid();
	int status;
	siginfo_t info;

	prog_init(argc, argv);
	leader = prog_fork();
	if (!leader) {
		leader = setsid();
		if (!prog_fork()) {
			while (getppid() != parent)
				prog_nap();
			prog_mark("orphan");
			prog_wait();
			CHECK_EQ(getsid(0), leader);
			CHECK_EQ(getpgrp(), leader);
			prog_mark("checked");
			_exit(0);
		}
		_exit(42);
	}
	prog_await("orphan");
	CHECK(!waitid(P_PID, leader, &info, WEXITED | WNOWAIT));
	prog_ready();
	prog_wait();
	prog_await("checked");
	CHECK_EQ(getsid(leader), leader);
	CHECK_EQ(waitpid(leader, &status, 0), leader);
	CHECK_EQ(WEXITSTATUS(status), 42);
	prog_pass();
}
