// SPDX-License-Identifier: Apache-2.0
/* A MAP_GROWSDOWN mapping keeps its contents and still grows towards lower addresses. */
#include "maps.h"

int main(int argc, char **argv)
{
	char *hole, *mem;
	long i;

	prog_init(argc, argv);
	/* Room below which nobody else maps in the meantime. */
	hole = prog_map(1024 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(!munmap(hole + 300 * PAGE, 724 * PAGE));
	mem = mmap(hole + 1020 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	CHECK(mem == hole + 1020 * PAGE);
	for (i = 1; i < 10; i++)
		prog_fill(mem - i * PAGE, PAGE, i);
	prog_ready();
	prog_wait();
	CHECK(maps_flag(mem, "gd"));
	for (i = 1; i < 10; i++)
		CHECK(prog_filled(mem - i * PAGE, PAGE, i));
	for (i = 10; i < 50; i++)
		prog_fill(mem - i * PAGE, PAGE, i);
	CHECK(prog_filled(mem - 49 * PAGE, PAGE, 49));
	prog_pass();
}
