// SPDX-License-Identifier: Apache-2.0
/* A child subreaper keeps that role: orphans born later become its children. */
#include "prog.h"

#include <sys/prctl.h>

int main(int argc, char **argv)
{
	int is = 0, status, seen = 0;
	pid_t middle, pid;

	prog_init(argc, argv);
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	middle = prog_fork();
	if (!middle) {
		if (!prog_fork()) {
			prog_wait();
			_exit(11);
		}
		_exit(0);
	}
	prog_reap(middle);
	prog_ready();
	prog_wait();
	CHECK(!prctl(PR_GET_CHILD_SUBREAPER, &is));
	CHECK_EQ(is, 1);
	middle = prog_fork();
	if (!middle) {
		if (!prog_fork())
			_exit(12);
		_exit(0);
	}
	while ((pid = wait(&status)) > 0)
		seen |= 1 << WEXITSTATUS(status);
	CHECK_EQ(seen, 1 << 11 | 1 << 12 | 1);
	prog_pass();
}
