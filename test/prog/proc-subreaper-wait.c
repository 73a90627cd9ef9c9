// SPDX-License-Identifier: Apache-2.0
/* A subreaper waits for anyone, all the time, and never gets a child that is not of its making. */
#include "prog.h"

#include <sys/prctl.h>

#define BIG (48ul << 20)

int main(int argc, char **argv)
{
	pid_t child[2], got;
	char *big;
	int i;

	prog_init(argc, argv);
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (i = 0; i < 2; i++) {
		child[i] = prog_fork();
		if (child[i])
			continue;
		/* So that a checkpoint takes its time. */
		big = prog_map(BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		prog_fill(big, BIG, i);
		prog_mark(i ? "filled1" : "filled0");
		for (;;)
			pause();
	}
	prog_await("filled0");
	prog_await("filled1");
	prog_ready();
	while (!prog_done()) {
		got = waitpid(-1, NULL, WNOHANG);
		CHECK_EQ(got, 0);
		prog_nap_ms(1);
	}
	for (i = 0; i < 2; i++) {
		CHECK(!kill(child[i], SIGKILL));
		CHECK_EQ(wait(NULL), child[i]);
	}
	CHECK(wait(NULL) < 0 && errno == ECHILD);
	prog_pass();
}
