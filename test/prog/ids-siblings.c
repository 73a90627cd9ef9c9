// SPDX-License-Identifier: Apache-2.0
/* Twelve siblings, some of which ended before, are waited for by their ids. */
#include "prog.h"

#define N 12

int main(int argc, char **argv)
{
	pid_t kids[N];
	int i, status;

	prog_init(argc, argv);
	for (i = 0; i < N; i++) {
		kids[i] = prog_fork();
		if (kids[i])
			continue;
		/* Every third leaves a gap in the sequence of ids. */
		if (i % 3 == 1)
			_exit(0);
		prog_wait();
		_exit(i);
	}
	for (i = 1; i < N; i += 3)
		prog_reap(kids[i]);
	prog_ready();
	while (!prog_done()) {
		for (i = 0; i < N; i++)
			CHECK_EQ(kill(kids[i], 0), i % 3 == 1 ? -1 : 0);
		prog_nap();
	}
	for (i = N - 1; i >= 0; i--) {
		if (i % 3 == 1)
			continue;
		CHECK_EQ(waitpid(kids[i], &status, 0), kids[i]);
		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), i);
	}
	prog_pass();
}
