// SPDX-License-Identifier: Apache-2.0
/* The program executes itself with an empty environment and stays checkpointable. */
#include "prog.h"

static bool seen(const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; environ && environ[i]; i++)
		if (!strncmp(environ[i], name, len) && environ[i][len] == '=')
			return true;
	return false;
}

int main(int argc, char **argv)
{
	char *none[] = { NULL };
	char *first[] = { argv[0], argv[1], "1", NULL };
	char *second[] = { argv[0], argv[1], "2", NULL };

	prog_init(argc, argv);
	if (argc == 2) {
		execve("/proc/self/exe", first, none);
		prog_fail(__FILE__, __LINE__, "execve");
	}
	CHECK(!seen("PATH") && !seen("HOME"));
	if (argv[2][0] == '1') {
		prog_ready();
		prog_wait();
		execve("/proc/self/exe", second, none);
		prog_fail(__FILE__, __LINE__, "second execve");
	}
	CHECK(argv[2][0] == '2');
	prog_pass();
}
