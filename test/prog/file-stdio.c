// SPDX-License-Identifier: Apache-2.0
/* Standard input, output and error are what the job was given, in every process. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t pid;
	int i;

	prog_init(argc, argv);
	prog_put("expect-out", "before\nchild\nparent\n");
	CHECK_EQ(write(1, "before\n", 7), 7);
	pid = prog_fork();
	if (!pid) {
		prog_wait();
		CHECK_EQ(write(1, "child\n", 6), 6);
		_exit(0);
	}
	prog_ready();
	prog_wait();
	prog_reap(pid);
	CHECK_EQ(write(1, "parent\n", 7), 7);
	for (i = 0; i < 3; i++)
		CHECK(fcntl(i, F_GETFL) >= 0);
	prog_pass();
}
