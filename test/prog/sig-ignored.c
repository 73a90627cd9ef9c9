// SPDX-License-Identifier: Apache-2.0
/* Ignored signals and the default of SIGCHLD: no zombies while it is ignored. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t pid;

	prog_init(argc, argv);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	prog_ready();
	while (!prog_done()) {
		CHECK(!raise(SIGTERM) && !raise(SIGINT));
		pid = prog_fork();
		if (!pid)
			_exit(0);
		CHECK(waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
		prog_nap();
	}
	CHECK(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	prog_pass();
}
