// SPDX-License-Identifier: Apache-2.0
/* Members of a process group whose leader is gone, in a living session. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t leader, kids[3];
	int i, status;

	prog_init(argc, argv);
	leader = prog_fork();
	if (!leader) {
		setpgid(0, 0);
		prog_mark("leads");
		prog_await("joined");
		_exit(0);
	}
	prog_await("leads");
	for (i = 0; i < 3; i++) {
		kids[i] = prog_fork();
		if (!kids[i]) {
			for (;;)
				pause();
		}
		CHECK(!setpgid(kids[i], leader));
	}
	prog_mark("joined");
	prog_reap(leader);
	prog_ready();
	while (!prog_done()) {
		for (i = 0; i < 3; i++) {
			CHECK_EQ(getpgid(kids[i]), leader);
			CHECK_EQ(getsid(kids[i]), getsid(0));
		}
		prog_nap();
	}
	CHECK(!kill(-leader, SIGTERM));
	for (i = 0; i < 3; i++) {
		CHECK(waitpid(-leader, &status, 0) > 0);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	}
	prog_pass();
}
