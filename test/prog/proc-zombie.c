// SPDX-License-Identifier: Apache-2.0
/* Ended children keep their exit or signal status until they are waited for. */
#include "prog.h"

static pid_t exited, killed, stranger;

static void await_zombie(pid_t pid)
{
	siginfo_t si;

	CHECK(!waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	CHECK_EQ(si.si_pid, pid);
}

static void check(void)
{
	char path[64], text[512];
	siginfo_t si;

	CHECK(!waitid(P_PID, exited, &si, WEXITED | WNOWAIT));
	CHECK(si.si_code == CLD_EXITED && si.si_status == 42);
	CHECK(!waitid(P_PID, killed, &si, WEXITED | WNOWAIT));
	CHECK(si.si_code == CLD_KILLED && si.si_status == SIGTERM);
	snprintf(path, sizeof(path), "/proc/%d/stat", exited);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, ") Z "));
}

int main(int argc, char **argv)
{
	int status;

	prog_init(argc, argv);
	exited = prog_fork() ?: (_exit(42), 0);
	killed = prog_fork() ?: (pause(), _exit(1), 0);
	kill(killed, SIGTERM);
	stranger = prog_fork() ?: (prog_wait(), _exit(3), 0);
	await_zombie(exited);
	await_zombie(killed);
	prog_ready();
	prog_watch(check);
	CHECK_EQ(waitpid(exited, &status, 0), exited);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	CHECK_EQ(waitpid(killed, &status, 0), killed);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK_EQ(waitpid(-1, &status, 0), stranger);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
	prog_pass();
}
