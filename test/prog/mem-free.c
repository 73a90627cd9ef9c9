// SPDX-License-Identifier: Apache-2.0
/* madvise(MADV_FREE) pages hold either their old contents or zero, and new writes stay. */
#include "prog.h"

#define LEN (64 * PAGE)

int main(int argc, char **argv)
{
	unsigned long i;
	char *mem;

	prog_init(argc, argv);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 0; i < 64; i++)
		prog_fill(mem + i * PAGE, PAGE, i);
	CHECK(!madvise(mem, LEN, MADV_FREE));
	prog_fill(mem + PAGE, PAGE, 99);
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem + PAGE, PAGE, 99));
	for (i = 2; i < 64; i++)
		CHECK(prog_zero(mem + i * PAGE, PAGE) || prog_filled(mem + i * PAGE, PAGE, i));
	prog_pass();
}
