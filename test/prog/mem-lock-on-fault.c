// SPDX-License-Identifier: Apache-2.0
/* Memory that is locked as it is used: the rest does not come, now and in mappings to come. */
#include "maps.h"

#include <sys/resource.h>

#define LEN (8 * PAGE)

int main(int argc, char **argv)
{
	struct rlimit limit;
	char *now, *later;
	bool all;

	prog_init(argc, argv);
	now = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (mlock2(now, LEN, MLOCK_ONFAULT))
		prog_skip("no memory may be locked here");
	/* Older kernels allow 64 KiB by default. */
	all = !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur >= 4 << 20;
	CHECK(!all || !mlockall(MCL_FUTURE | MCL_ONFAULT));
	prog_fill(now, 2 * PAGE, 60);
	prog_ready();
	prog_wait();
	CHECK(maps_flag(now, "lo") && prog_filled(now, 2 * PAGE, 60));
	CHECK_EQ(maps_kb(now, "Rss:"), 2 * PAGE / 1024);
	if (!all)
		prog_pass();
	later = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(maps_flag(later, "lo"));
	CHECK_EQ(maps_kb(later, "Rss:"), 0);
	prog_pass();
}
