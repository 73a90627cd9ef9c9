// SPDX-License-Identifier: Apache-2.0
/* A huge PROT_NONE reservation, parts of which are opened before and after. */
#include "maps.h"

#define LEN (64UL << 30)

int main(int argc, char **argv)
{
	char *mem;

	prog_init(argc, argv);
	mem = mmap(NULL, LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		prog_skip("no large reservation here");
	CHECK(!mprotect(mem + (1UL << 30), 8 * PAGE, PROT_READ | PROT_WRITE));
	prog_fill(mem + (1UL << 30), 8 * PAGE, 35);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem + (1UL << 30), 8 * PAGE, 35));
	CHECK(maps_perm(mem, "---p"));
	CHECK(!mprotect(mem + (2UL << 30), 8 * PAGE, PROT_READ | PROT_WRITE));
	CHECK(prog_zero(mem + (2UL << 30), 8 * PAGE));
	prog_fill(mem + (2UL << 30), 8 * PAGE, 36);
	prog_pass();
}
