// SPDX-License-Identifier: Apache-2.0
/* Members of a session and group whose leader is long gone keep both ids. */
#include "prog.h"

static pid_t sid;

static void check(void)
{
	CHECK_EQ(getsid(0), sid);
	CHECK_EQ(getpgrp(), sid);
	CHECK(kill(sid, 0) == -1 && errno == ESRCH);
	CHECK(!kill(-sid, 0));
}

int main(int argc, char **argv)
{
	pid_t leader;
	int i;

	prog_init(argc, argv);
	leader = prog_fork();
	if (!leader) {
		sid = setsid();
		for (i = 0; i < 2; i++) {
			if (prog_fork())
				continue;
			while (!kill(sid, 0))
				prog_nap();
			prog_mark(i ? "up.1" : "up.0");
			prog_watch(check);
			prog_mark(i ? "well.1" : "well.0");
			_exit(0);
		}
		_exit(0);
	}
	prog_reap(leader);
	prog_await("up.0");
	prog_await("up.1");
	prog_ready();
	prog_wait();
	prog_await("well.0");
	prog_await("well.1");
	prog_pass();
}
