// SPDX-License-Identifier: Apache-2.0
/* Children are forked and waited for all the time, each with its own exit status. */
#include "prog.h"

int main(int argc, char **argv)
{
	int n = 0, status;
	pid_t pid;

	prog_init(argc, argv);
	while (!prog_done() || n < 10) {
		pid = prog_fork();
		if (!pid)
			_exit(n % 200);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), n % 200);
		if (n++ == 5)
			prog_ready();
	}
	prog_pass();
}
