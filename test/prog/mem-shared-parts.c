// SPDX-License-Identifier: Apache-2.0
/* Parts of one shared object, mapped at other places and rights in several processes. */
#include "prog.h"

#define LEN (64 * PAGE)

int main(int argc, char **argv)
{
	char *mem, *twin;
	pid_t pid;

	prog_init(argc, argv);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	prog_fill(mem, LEN, 5);
	pid = prog_fork();
	if (!pid) {
		/* A second mapping of the same pages: mremap with an old size of zero makes it. */
		twin = mremap(mem + 32 * PAGE, 0, 32 * PAGE, MREMAP_MAYMOVE);
		CHECK(twin != MAP_FAILED);
		CHECK(!munmap(mem, LEN));
		CHECK(!mprotect(twin, 16 * PAGE, PROT_READ));
		prog_mark("up");
		prog_wait();
		twin[20 * PAGE] = 0x55;
		prog_await("written");
		CHECK_EQ(twin[PAGE], 0x66);
		_exit(0);
	}
	prog_await("up");
	prog_ready();
	prog_wait();
	mem[33 * PAGE] = 0x66;
	prog_mark("written");
	prog_reap(pid);
	CHECK_EQ(mem[52 * PAGE], 0x55);
	CHECK(prog_filled(mem, 32 * PAGE, 5));
	prog_pass();
}
