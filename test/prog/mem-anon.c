// SPDX-License-Identifier: Apache-2.0
/* Private anonymous memory with noise in it, partly given back, keeps its contents. */
#include "prog.h"

#define LEN (16UL << 20)

static char *mem;

int main(int argc, char **argv)
{
	uint64_t n = 0;

	prog_init(argc, argv);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(mem, LEN, 1);
	CHECK(!madvise(mem + 16 * PAGE, 16 * PAGE, MADV_DONTNEED));
	CHECK(!munmap(mem + 64 * PAGE, 16 * PAGE));
	prog_ready();
	/* A part that changes all the time. */
	while (!prog_done()) {
		CHECK(!n || prog_filled(mem + 100 * PAGE, 10 * PAGE, n));
		prog_fill(mem + 100 * PAGE, 10 * PAGE, ++n);
		prog_nap();
	}
	CHECK(prog_filled(mem + 100 * PAGE, 10 * PAGE, n));
	CHECK(prog_zero(mem + 16 * PAGE, 16 * PAGE));
	CHECK(msync(mem + 64 * PAGE, PAGE, MS_ASYNC) == -1 && errno == ENOMEM);
	CHECK(prog_filled(mem, 16 * PAGE, 1));
	CHECK(mmap(mem + 64 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mem + 64 * PAGE);
	CHECK(prog_zero(mem + 64 * PAGE, 16 * PAGE));
	prog_fill(mem, LEN, 1);
	CHECK(prog_filled(mem, LEN, 1));
	prog_pass();
}
