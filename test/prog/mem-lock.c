// SPDX-License-Identifier: Apache-2.0
/* A locked range stays locked and resident. */
#include "maps.h"

#define LEN (8 * PAGE)

int main(int argc, char **argv)
{
	char *now, *on_fault;

	prog_init(argc, argv);
	now = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	on_fault = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (mlock(now, LEN) || mlock2(on_fault, LEN, MLOCK_ONFAULT))
		prog_skip("no memory may be locked here");
	prog_fill(now, LEN / 2, 60);
	prog_ready();
	prog_wait();
	CHECK(maps_flag(now, "lo") && maps_flag(on_fault, "lo"));
	CHECK_EQ(maps_kb(now, "Rss:"), LEN / 1024);
	CHECK(prog_filled(now, LEN / 2, 60));
	CHECK(!munlock(now, LEN) && !maps_flag(now, "lo"));
	prog_pass();
}
