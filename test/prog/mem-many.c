// SPDX-License-Identifier: Apache-2.0
/* Two thousand mappings that cannot merge, each with its contents and protection. */
#include "maps.h"

#define N 2000

int main(int argc, char **argv)
{
	char *mem;
	long i;

	prog_init(argc, argv);
	mem = prog_map(N * 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 0; i < N; i++) {
		*(long *)(mem + 2 * i * PAGE) = i;
		CHECK(!mprotect(mem + (2 * i + 1) * PAGE, PAGE, i % 2 ? PROT_READ : PROT_NONE));
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < N; i++) {
		CHECK_EQ(*(long *)(mem + 2 * i * PAGE), i);
		if (i % 200 < 2)
			CHECK(maps_perm(mem + (2 * i + 1) * PAGE, i % 2 ? "r--p" : "---p"));
	}
	prog_pass();
}
