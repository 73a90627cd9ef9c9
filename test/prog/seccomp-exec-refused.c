// SPDX-License-Identifier: Apache-2.0
/* A filter from before an exec is nobody's to know: refused, and the process lives. */
#include "seccomp.h"

int main(int argc, char **argv)
{
	pid_t child;

	prog_init(argc, argv);
	if (argc > 2) {
		prog_mark("executed");
		prog_wait();
		_exit(0);
	}
	child = prog_fork();
	if (!child) {
		CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		CHECK(!seccomp_install(SYS_uname, SECCOMP_RET_ERRNO | ENOTTY, 0, false));
		execl("/proc/self/exe", argv[0], argv[1], "again", NULL);
		_exit(1);
	}
	prog_await("executed");
	prog_ready();
	prog_wait();
	prog_reap(child);
	prog_pass();
}
