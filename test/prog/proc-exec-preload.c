// SPDX-License-Identifier: Apache-2.0
/* An execve with an own LD_PRELOAD keeps both that one and the job checkpointable. */
#include "prog.h"

int main(int argc, char **argv)
{
	char *env[] = { "LD_PRELOAD=libm.so.6", "A=b", NULL };
	char *args[] = { argv[0], argv[1], "1", NULL };
	char maps[65536];

	prog_init(argc, argv);
	if (argc == 2) {
		execve("/proc/self/exe", args, env);
		prog_fail(__FILE__, __LINE__, "execve");
	}
	CHECK(prog_slurp("/proc/self/maps", maps, sizeof(maps)) > 0);
	CHECK(strstr(maps, "libm.so.6"));
	CHECK(getenv("A") && !strcmp(getenv("A"), "b"));
	prog_ready();
	prog_wait();
	prog_pass();
}
