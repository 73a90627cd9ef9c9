/* SPDX-License-Identifier: Apache-2.0 */
/* A child has been stopped by SIGTSTP, which its parent has not asked about yet: it still can. */
#include "prog.h"

int main(int argc, char **argv)
{
	siginfo_t info = { 0 };
	sigset_t set;
	pid_t child;
	int status;

	prog_init(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	child = prog_fork();
	if (!child) {
		setpgid(0, 0);
		raise(SIGTSTP);
		_exit(7);
	}
	CHECK_EQ(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT), 0);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_pid, child);
	prog_ready();
	prog_wait();
	/* That it stopped is told once and no more. */
	sigpending(&set);
	CHECK_EQ(sigismember(&set, SIGCHLD), 0);
	CHECK_EQ(waitpid(child, &status, WUNTRACED | WNOHANG), child);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(WSTOPSIG(status), SIGTSTP);
	CHECK_EQ(waitpid(child, &status, WUNTRACED | WNOHANG), 0);
	CHECK(!kill(child, SIGCONT));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 7 << 8);
	prog_pass();
}
