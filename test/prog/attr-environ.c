// SPDX-License-Identifier: Apache-2.0
/* Environment variables, also those set at run time, and LD_PRELOAD as the program sees it. */
#include "prog.h"

int main(int argc, char **argv)
{
	char *path;

	prog_init(argc, argv);
	setenv("CAIRN_TEST_LATE", "set at run time", 1);
	path = strdup(getenv("PATH") ?: "");
	prog_ready();
	prog_wait();
	CHECK(!strcmp(getenv("CAIRN_TEST_LATE") ?: "", "set at run time"));
	CHECK(!strcmp(getenv("PATH") ?: "", path));
	unsetenv("CAIRN_TEST_LATE");
	CHECK(!getenv("CAIRN_TEST_LATE"));
	CHECK_EQ(system("test -z \"$CAIRN_TEST_LATE\""), 0);
	prog_pass();
}
