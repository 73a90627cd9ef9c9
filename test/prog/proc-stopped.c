// SPDX-License-Identifier: Apache-2.0
/* A child stopped by a signal stays stopped until it is continued. */
#include "prog.h"

static pid_t kid;

static void check(void)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", kid);
	CHECK(prog_slurp(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, ") T "));
}

int main(int argc, char **argv)
{
	int status;

	prog_init(argc, argv);
	kid = prog_fork();
	if (!kid) {
		for (;;)
			if (prog_has("go"))
				_exit(4);
			else
				prog_nap();
	}
	CHECK(!kill(kid, SIGSTOP));
	CHECK_EQ(waitpid(kid, &status, WUNTRACED), kid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	prog_ready();
	prog_watch(check);
	prog_mark("go");
	CHECK(!kill(kid, SIGCONT));
	CHECK_EQ(waitpid(kid, &status, 0), kid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 4);
	prog_pass();
}
