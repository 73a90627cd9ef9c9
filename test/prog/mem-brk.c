// SPDX-License-Identifier: Apache-2.0
/* The heap of brk and sbrk keeps its place, contents and end and can grow and shrink. */
#include "prog.h"

#define LEN (64 * PAGE)

int main(int argc, char **argv)
{
	char *base, *more;

	prog_init(argc, argv);
	base = sbrk(LEN);
	CHECK(base != (void *)-1);
	prog_fill(base, LEN, 13);
	prog_ready();
	while (!prog_done()) {
		CHECK(sbrk(0) == base + LEN);
		prog_nap();
	}
	CHECK(sbrk(0) == base + LEN);
	CHECK(prog_filled(base, LEN, 13));
	more = sbrk(LEN);
	CHECK(more == base + LEN);
	CHECK(prog_zero(more, LEN));
	prog_fill(more, LEN, 14);
	CHECK(!brk(base + PAGE * 3));
	CHECK(sbrk(0) == base + PAGE * 3);
	CHECK(prog_filled(base, PAGE * 3, 13));
	CHECK(!brk(base));
	prog_pass();
}
