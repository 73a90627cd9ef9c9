// SPDX-License-Identifier: Apache-2.0
/* The file mode creation mask of each process. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t pid;

	prog_init(argc, argv);
	pid = prog_fork();
	umask(pid ? 0137 : 0007);
	if (!pid) {
		prog_mark("up");
		prog_wait();
		CHECK_EQ(umask(0), 0007);
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	prog_wait();
	CHECK_EQ(umask(0), 0137);
	prog_reap(pid);
	prog_pass();
}
