// SPDX-License-Identifier: Apache-2.0
/* Children are started by vfork and exec all the time. */
#include "prog.h"

int main(int argc, char **argv)
{
	char *args[] = { "true", NULL };
	volatile int n = 0;
	pid_t pid;

	prog_init(argc, argv);
	while (!prog_done()) {
		pid = vfork();
		if (!pid) {
			execvp("true", args);
			_exit(127);
		}
		prog_reap(pid);
		if (n++ == 3)
			prog_ready();
	}
	prog_pass();
}
