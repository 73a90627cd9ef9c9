// SPDX-License-Identifier: Apache-2.0
/* Mapping names given with PR_SET_VMA_ANON_NAME stay where the kernel knows them. */
#include "maps.h"

#include <sys/prctl.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

int main(int argc, char **argv)
{
	char line[1024];
	char *mem;

	prog_init(argc, argv);
	mem = prog_map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(mem, 4 * PAGE, 1);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, mem, 4 * PAGE, "ballast"))
		prog_skip("the kernel does not name anonymous memory");
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem, 4 * PAGE, 1));
	CHECK(maps_line(mem, "", line, sizeof(line)));
	CHECK(strstr(line, "[anon:ballast]"));
	prog_pass();
}
