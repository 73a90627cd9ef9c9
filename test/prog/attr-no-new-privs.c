// SPDX-License-Identifier: Apache-2.0
/* no_new_privs of a child, not of its parent, inherited by what it forks. */
#include "prog.h"

#include <sys/prctl.h>

int main(int argc, char **argv)
{
	pid_t child, grandchild;

	prog_init(argc, argv);
	child = prog_fork();
	if (!child) {
		CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		prog_mark("set");
		prog_wait();
		CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
		grandchild = prog_fork();
		if (!grandchild)
			_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1);
		prog_reap(grandchild);
		_exit(0);
	}
	prog_await("set");
	prog_ready();
	prog_wait();
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	prog_reap(child);
	prog_pass();
}
