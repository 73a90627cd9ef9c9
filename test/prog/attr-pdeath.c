// SPDX-License-Identifier: Apache-2.0
/* PR_SET_PDEATHSIG: a child hears of its parent's death, which comes after the restart. */
#include "prog.h"

#include <sys/prctl.h>

static volatile sig_atomic_t heard;

static void handler(int sig)
{
	heard = sig;
}

int main(int argc, char **argv)
{
	int status, sig;
	pid_t middle;

	prog_init(argc, argv);
	middle = prog_fork();
	if (!middle) {
		if (!prog_fork()) {
			signal(SIGUSR2, handler);
			CHECK(!prctl(PR_SET_PDEATHSIG, SIGUSR2));
			prog_mark("set");
			prog_wait();
			CHECK(!prctl(PR_GET_PDEATHSIG, &sig));
			CHECK_EQ(sig, SIGUSR2);
			prog_mark("asked");
			while (!heard)
				prog_nap();
			prog_mark("heard");
			_exit(0);
		}
		for (;;)
			pause();
	}
	prog_await("set");
	prog_ready();
	prog_wait();
	CHECK(!heard);
	prog_await("asked");
	CHECK(!kill(middle, SIGKILL));
	CHECK_EQ(waitpid(middle, &status, 0), middle);
	prog_await("heard");
	prog_pass();
}
