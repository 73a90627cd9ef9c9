// SPDX-License-Identifier: Apache-2.0
/* A filter that kills for what a checkpoint needs: refused, and the process lives. */
#include "seccomp.h"

int main(int argc, char **argv)
{
	pid_t child;

	prog_init(argc, argv);
	child = prog_fork();
	if (!child) {
		CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		CHECK(!seccomp_install(SYS_socket, SECCOMP_RET_KILL_PROCESS, 0, false));
		prog_mark("set");
		prog_wait();
		_exit(0);
	}
	prog_await("set");
	prog_ready();
	prog_wait();
	prog_reap(child);
	prog_pass();
}
