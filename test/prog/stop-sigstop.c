/* SPDX-License-Identifier: Apache-2.0 */
/* A child stopped by SIGSTOP stays stopped; its parent has seen it and sees it no second time. */
#include "prog.h"

static volatile sig_atomic_t chld;

static void on_chld(int sig)
{
	chld++;
}

static pid_t child;

static char state(pid_t pid)
{
	char path[64], text[1024], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	p = strrchr(text, ')');
	CHECK(p);
	return p[2];
}

static void check(void)
{
	siginfo_t info = { 0 };

	CHECK_EQ(state(child), 'T');
	CHECK_EQ(waitid(P_PID, child, &info, WSTOPPED | WCONTINUED | WEXITED | WNOHANG), 0);
	CHECK_EQ(info.si_pid, 0);
	CHECK_EQ(chld, 1);
	CHECK(!prog_has("ran"));
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_chld, .sa_flags = SA_RESTART };
	int status;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGCHLD, &act, NULL));
	child = prog_fork();
	if (!child) {
		kill(getpid(), SIGSTOP);
		prog_mark("ran");
		prog_await("end");
		_exit(7);
	}
	CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	prog_ready();
	prog_watch(check);
	CHECK(!kill(child, SIGCONT));
	CHECK_EQ(waitpid(child, &status, WCONTINUED), child);
	CHECK(WIFCONTINUED(status));
	prog_mark("end");
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 7 << 8);
	prog_pass();
}
