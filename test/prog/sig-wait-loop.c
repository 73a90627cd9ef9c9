// SPDX-License-Identifier: Apache-2.0
/* A parent with a living child polls wait() and sees nothing until the child ends. */
#include "prog.h"

int main(int argc, char **argv)
{
	siginfo_t si;
	int status;
	pid_t pid;

	prog_init(argc, argv);
	pid = prog_fork();
	if (!pid) {
		prog_wait();
		_exit(6);
	}
	prog_ready();
	while (!prog_has("verify")) {
		CHECK_EQ(waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0 &&
			 !prog_has("verify"), 0);
		memset(&si, 0, sizeof(si));
		CHECK(!waitid(P_ALL, 0, &si, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT));
		CHECK(!si.si_pid || prog_has("verify"));
		prog_nap();
	}
	if (waitpid(pid, &status, 0) == pid)
		CHECK_EQ(WEXITSTATUS(status), 6);
	prog_pass();
}
