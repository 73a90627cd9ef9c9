// SPDX-License-Identifier: Apache-2.0
/* Orphans from before and from after a restart have one parent: that of the first process. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t parent = getppid(), middle;
	int status;

	prog_init(argc, argv);
	middle = prog_fork();
	if (!middle) {
		if (!prog_fork()) {
			while (getppid() != parent)
				prog_nap();
			prog_mark("orphan");
			prog_wait();
			CHECK_EQ(getppid(), parent);
			prog_mark("done1");
			_exit(0);
		}
		_exit(0);
	}
	prog_reap(middle);
	middle = prog_fork();
	if (!middle) {
		middle = getpid();
		if (!prog_fork()) {
			CHECK_EQ(getppid(), middle);
			prog_mark("child");
			prog_wait();
			while (getppid() == middle)
				prog_nap();
			CHECK_EQ(getppid(), parent);
			prog_mark("done2");
			_exit(0);
		}
		for (;;)
			pause();
	}
	prog_await("orphan");
	prog_await("child");
	prog_ready();
	prog_wait();
	CHECK_EQ(getppid(), parent);
	CHECK(!kill(middle, SIGKILL));
	CHECK_EQ(waitpid(middle, &status, 0), middle);
	prog_await("done1");
	prog_await("done2");
	prog_pass();
}
