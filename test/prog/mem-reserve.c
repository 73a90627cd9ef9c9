// SPDX-License-Identifier: Apache-2.0
/* A reservation of one tebibyte without backing stays one, with its few touched pages. */
#include "maps.h"

#define LEN (1UL << 40)
#define TOUCHED 16

int main(int argc, char **argv)
{
	struct rlimit lim;
	char *mem;
	long i;

	prog_init(argc, argv);
	if (!getrlimit(RLIMIT_AS, &lim) && lim.rlim_cur != RLIM_INFINITY)
		prog_skip("the address space is limited");
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		prog_skip("no reservation of one tebibyte here");
	for (i = 0; i < TOUCHED; i++)
		prog_fill(mem + (LEN / TOUCHED) * i, PAGE, 30 + i);
	prog_ready();
	prog_wait();
	CHECK(maps_flag(mem, "nr"));
	CHECK(maps_kb(mem, "Rss:") < TOUCHED * 2048 + 64);
	for (i = 0; i < TOUCHED; i++)
		CHECK(prog_filled(mem + (LEN / TOUCHED) * i, PAGE, 30 + i));
	CHECK(prog_zero(mem + 10 * PAGE, PAGE));
	mem[LEN - 1] = 1;
	prog_pass();
}
