// SPDX-License-Identifier: Apache-2.0
/* Attributes set with prctl: dumpable, parent-death signal, timer slack and more. */
#include "prog.h"

#include <sys/prctl.h>

static void child(void)
{
	int sig = 0;

	CHECK(!prctl(PR_SET_PDEATHSIG, SIGUSR1));
	prog_mark("up");
	prog_wait();
	CHECK(!prctl(PR_GET_PDEATHSIG, &sig));
	CHECK_EQ(sig, SIGUSR1);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t pid;

	prog_init(argc, argv);
	pid = prog_fork();
	if (!pid)
		child();
	prog_await("up");
	CHECK(!prctl(PR_SET_TIMERSLACK, 123456));
	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_KEEPCAPS, 1));
	prog_ready();
	prog_wait();
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 123456);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	CHECK_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	CHECK_EQ(prctl(PR_GET_KEEPCAPS), 1);
	prog_reap(pid);
	prog_pass();
}
