// SPDX-License-Identifier: Apache-2.0
/* MADV_DONTFORK, WIPEONFORK, DONTDUMP, MERGEABLE and access advice stay, with contents. */
#include "maps.h"

#define LEN (8 * PAGE)

static const struct {
	int advice;
	const char *flag;
	bool must;
} kinds[] = {
	{ MADV_DONTFORK, "dc", true },
	{ MADV_WIPEONFORK, "wf", true },
	{ MADV_DONTDUMP, "dd", true },
	{ MADV_RANDOM, "rr", true },
	{ MADV_SEQUENTIAL, "sr", true },
	{ MADV_NOHUGEPAGE, "nh", false },
	{ MADV_MERGEABLE, "mg", false },
};

int main(int argc, char **argv)
{
	bool set[ARRAY_SIZE(kinds)];
	char *mem[ARRAY_SIZE(kinds)];
	size_t i;
	pid_t pid;

	prog_init(argc, argv);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		mem[i] = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		prog_fill(mem[i], LEN, 50 + i);
		set[i] = !madvise(mem[i], LEN, kinds[i].advice);
		CHECK(set[i] || !kinds[i].must);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		CHECK(prog_filled(mem[i], LEN, 50 + i));
		CHECK(!set[i] || maps_flag(mem[i], kinds[i].flag));
	}
	pid = prog_fork();
	if (!pid) {
		CHECK(!maps_line(mem[0], "", NULL, 0));
		CHECK(prog_zero(mem[1], LEN));
		CHECK(prog_filled(mem[2], LEN, 52));
		_exit(0);
	}
	prog_reap(pid);
	CHECK(prog_filled(mem[1], LEN, 51));
	prog_pass();
}
