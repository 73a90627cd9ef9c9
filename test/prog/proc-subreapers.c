// SPDX-License-Identifier: Apache-2.0
/* A subreaper below another: orphans go to the nearest, and on to the next when that one ends. */
#include "prog.h"

#include <sys/prctl.h>

static void await_parent(pid_t pid)
{
	while (getppid() != pid)
		prog_nap();
}

int main(int argc, char **argv)
{
	pid_t top = getpid(), inner;
	int status, flag = 0;

	prog_init(argc, argv);
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	inner = prog_fork();
	if (!inner) {
		pid_t self = getpid(), middle;

		CHECK(!prctl(PR_GET_CHILD_SUBREAPER, &flag));
		CHECK_EQ(flag, 0);
		CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
		middle = prog_fork();
		if (!middle) {
			if (!prog_fork()) {
				char text[32];

				await_parent(self);
				snprintf(text, sizeof(text), "%d", getpid());
				prog_put("orphan", text);
				prog_wait();
				CHECK_EQ(getppid(), self);
				prog_mark("seen");
				await_parent(top);
				_exit(7);
			}
			_exit(0);
		}
		prog_reap(middle);
		for (;;)
			pause();
	}
	prog_await("orphan");
	prog_ready();
	prog_wait();
	CHECK(!prctl(PR_GET_CHILD_SUBREAPER, &flag));
	CHECK_EQ(flag, 1);
	prog_await("seen");
	CHECK(!kill(inner, SIGKILL));
	CHECK_EQ(waitpid(inner, &status, 0), inner);
	{
		char text[32];
		pid_t orphan;

		CHECK(prog_slurp(prog_path("orphan"), text, sizeof(text)) > 0);
		orphan = atoi(text);
		CHECK_EQ(waitpid(orphan, &status, 0), orphan);
		CHECK_EQ(WEXITSTATUS(status), 7);
	}
	prog_pass();
}
