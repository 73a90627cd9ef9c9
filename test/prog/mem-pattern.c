// SPDX-License-Identifier: Apache-2.0
/* Every page of eight megabytes holds its own number, checked without being rewritten. */
#include "prog.h"

#define PAGES 2048UL

static char *mem;

static void check(void)
{
	unsigned long i;

	for (i = 0; i < PAGES; i++)
		CHECK(*(unsigned long *)(mem + i * PAGE) == (prog_noise(i) | 1));
}

int main(int argc, char **argv)
{
	unsigned long i;

	prog_init(argc, argv);
	mem = prog_map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 0; i < PAGES; i++) {
		prog_fill(mem + i * PAGE, PAGE, i);
		*(unsigned long *)(mem + i * PAGE) = prog_noise(i) | 1;
	}
	prog_ready();
	prog_watch(check);
	for (i = 0; i < PAGES; i++) {
		unsigned char want[PAGE];

		prog_fill(want, PAGE, i);
		CHECK(!memcmp(mem + i * PAGE + 8, want + 8, PAGE - 8));
	}
	prog_pass();
}
