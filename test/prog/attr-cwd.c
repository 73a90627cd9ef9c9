// SPDX-License-Identifier: Apache-2.0
/* The current directory of each process, also after it has been renamed. */
#include "prog.h"

int main(int argc, char **argv)
{
	char buf[PATH_MAX];
	pid_t pid;

	prog_init(argc, argv);
	CHECK(!mkdir(prog_path("one"), 0777) && !mkdir(prog_path("two"), 0777));
	pid = prog_fork();
	CHECK(!chdir(prog_path(pid ? "one" : "two")));
	if (!pid) {
		prog_mark("up");
		prog_wait();
		CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, prog_path("two")));
		_exit(0);
	}
	prog_await("up");
	CHECK(!rename(prog_path("one"), prog_path("uno")));
	prog_ready();
	prog_wait();
	CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, prog_path("uno")));
	CHECK(!mkdir("here", 0777) && prog_has("uno/here"));
	prog_reap(pid);
	prog_pass();
}
