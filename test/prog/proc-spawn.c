// SPDX-License-Identifier: Apache-2.0
/* posix_spawn with file actions and attributes, in a loop. */
#include "prog.h"

#include <spawn.h>

int main(int argc, char **argv)
{
	char *args[] = { "sh", "-c", "exit 9", NULL };
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	sigset_t none;
	int n = 0, status;
	pid_t pid;

	prog_init(argc, argv);
	sigemptyset(&none);
	CHECK(!posix_spawn_file_actions_init(&act) && !posix_spawnattr_init(&attr));
	CHECK(!posix_spawn_file_actions_addopen(&act, 1, "/dev/null", O_WRONLY, 0));
	CHECK(!posix_spawnattr_setsigmask(&attr, &none));
	CHECK(!posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP));
	while (!prog_done()) {
		CHECK_EQ(posix_spawnp(&pid, "sh", &act, &attr, args, environ), 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 9);
		if (n++ == 3)
			prog_ready();
	}
	prog_pass();
}
