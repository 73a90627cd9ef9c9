// SPDX-License-Identifier: Apache-2.0
/* Children made by clone() with another exit signal, or none: who is told of their end, and how. */
#include "prog.h"

#include <sys/wait.h>

static volatile sig_atomic_t got_usr2, got_chld;

static void count(int sig)
{
	if (sig == SIGUSR2)
		got_usr2++;
	else
		got_chld++;
}

static pid_t make(unsigned long exit_signal)
{
	pid_t pid = syscall(SYS_clone, exit_signal, 0, 0, 0, 0);

	CHECK(pid >= 0);
	if (!pid) {
		prog_await("end");
		_exit(exit_signal ? 21 : 22);
	}
	return pid;
}

int main(int argc, char **argv)
{
	struct sigaction a = { .sa_handler = count, .sa_flags = SA_RESTART };
	pid_t with, without;
	int status;

	prog_init(argc, argv);
	sigaction(SIGUSR2, &a, NULL);
	sigaction(SIGCHLD, &a, NULL);
	with = make(SIGUSR2);
	without = make(0);
	/* An ordinary wait sees neither of them. */
	CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
	prog_ready();
	prog_wait();
	CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
	CHECK_EQ(got_usr2 + got_chld, 0);
	prog_mark("end");
	CHECK_EQ(waitpid(with, &status, __WCLONE), with);
	CHECK_EQ(WEXITSTATUS(status), 21);
	CHECK_EQ(waitpid(without, &status, __WALL), without);
	CHECK_EQ(WEXITSTATUS(status), 22);
	CHECK_EQ(got_usr2, 1);
	CHECK_EQ(got_chld, 0);
	prog_pass();
}
