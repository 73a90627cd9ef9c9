// SPDX-License-Identifier: Apache-2.0
/* Memory that is locked as it is used: the rest does not come, now and in mappings to come. */
#include "maps.h"

#define LEN (8 * PAGE)

int main(int argc, char **argv)
{
	char *now, *later;

	prog_init(argc, argv);
	now = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (mlock2(now, LEN, MLOCK_ONFAULT) || mlockall(MCL_FUTURE | MCL_ONFAULT))
		prog_skip("no memory may be locked here");
	prog_fill(now, 2 * PAGE, 60);
	prog_ready();
	prog_wait();
	CHECK(maps_flag(now, "lo") && prog_filled(now, 2 * PAGE, 60));
	CHECK_EQ(maps_kb(now, "Rss:"), 2 * PAGE / 1024);
	later = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(maps_flag(later, "lo"));
	CHECK_EQ(maps_kb(later, "Rss:"), 0);
	prog_pass();
}
