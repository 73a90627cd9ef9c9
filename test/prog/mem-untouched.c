// SPDX-License-Identifier: Apache-2.0
/* Memory never touched, and memory only read, does not become resident. */
#include "maps.h"

#define LEN (256UL << 20)

int main(int argc, char **argv)
{
	char *mem;

	prog_init(argc, argv);
	mem = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(!madvise(mem, LEN, MADV_NOHUGEPAGE) || errno == EINVAL);
	mem[0] = 1;
	mem[LEN / 2] = 2;
	prog_ready();
	prog_wait();
	CHECK(maps_kb(mem, "Rss:") <= 64);
	CHECK(mem[0] == 1 && mem[LEN / 2] == 2);
	CHECK(prog_zero(mem + 1, LEN / 4));
	prog_pass();
}
