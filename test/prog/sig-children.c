// SPDX-License-Identifier: Apache-2.0
/* SIGCHLD and wait() report the job's own children and never a stranger. */
#include "prog.h"

static volatile int seen, expected;

static void on_child(int sig, siginfo_t *si, void *ctx)
{
	(void)sig;
	(void)ctx;
	if (si->si_pid != expected)
		prog_fail(__FILE__, __LINE__, "SIGCHLD from %d", si->si_pid);
	seen++;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART };
	int status;
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGCHLD, &sa, NULL));
	prog_ready();
	while (!prog_done()) {
		CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
		prog_nap();
	}
	CHECK_EQ(seen, 0);
	expected = pid = prog_fork();
	if (!pid) {
		prog_await("go");
		_exit(8);
	}
	prog_mark("go");
	CHECK_EQ(waitpid(-1, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 8);
	CHECK_EQ(seen, 1);
	CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
	prog_pass();
}
