// SPDX-License-Identifier: Apache-2.0
/* The first process ends before its daemon; the job lasts until the last one ends. */
#include "prog.h"

int main(int argc, char **argv)
{
	pid_t first;

	prog_init(argc, argv);
	first = getpid();
	if (prog_fork()) {
		/* The verdict is the child's; the status of the job is this one's. */
		prog_wait();
		_exit(0);
	}
	CHECK(setsid() > 0);
	prog_ready();
	prog_wait();
	while (getppid() == first)
		prog_nap();
	prog_nap_ms(200);
	prog_pass();
}
