// SPDX-License-Identifier: Apache-2.0
/* Memory advised for transparent huge pages has huge pages again and keeps the advice. */
#include "maps.h"

#define HUGE (2UL << 20)
#define LEN (16 * HUGE)

int main(int argc, char **argv)
{
	char *raw, *mem;

	prog_init(argc, argv);
	raw = prog_map(LEN + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	mem = (char *)(((unsigned long)raw + HUGE - 1) & ~(HUGE - 1));
	if (madvise(mem, LEN, MADV_HUGEPAGE))
		prog_skip("the kernel has no transparent huge pages");
	prog_fill(mem, LEN / 2, 15);
	if (maps_kb(mem, "AnonHugePages:") <= 0)
		prog_skip("the kernel gave no huge page");
	prog_ready();
	prog_wait();
	CHECK(maps_flag(mem, "hg"));
	CHECK(maps_kb(mem, "AnonHugePages:") > 0);
	CHECK(prog_filled(mem, LEN / 2, 15));
	/* New memory of the same mapping gets them as well. */
	prog_fill(mem + LEN / 2, LEN / 2, 16);
	CHECK(maps_kb(mem, "AnonHugePages:") >= (long)(LEN / 2 / 1024));
	prog_pass();
}
