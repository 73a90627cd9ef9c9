// SPDX-License-Identifier: Apache-2.0
/*
 * Memory whose protection key is another all the time, and nothing else of it: each has the one
 * that it was given last.
 */
#include "prog.h"

#define PLACES 24
#define KEYS 3

static char *mem[PLACES];
static int keys[KEYS], has[PLACES];

/* As the kernel tells it; -1: it tells of no such mapping. */
static int shown(const char *smaps, const char *p)
{
	char want[32];
	const char *at;
	int key = -1;

	snprintf(want, sizeof(want), "%lx-", (unsigned long)p);
	at = strstr(smaps, want);
	at = at ? strstr(at, "ProtectionKey:") : NULL;
	if (at)
		sscanf(at, "ProtectionKey: %d", &key);
	return key;
}

static void check(void)
{
	static char smaps[1 << 18];
	int i;

	/* A restart amid a reading goes on in another text. */
	for (i = 0; i < PLACES; i++) {
		PROG_SOON(prog_slurp("/proc/self/smaps", smaps, sizeof(smaps)) > 0 &&
			  shown(smaps, mem[i]) >= 0);
		CHECK_EQ(shown(smaps, mem[i]), has[i]);
	}
}

int main(int argc, char **argv)
{
	int i, turn;

	prog_init(argc, argv);
	for (i = 0; i < KEYS; i++) {
		keys[i] = pkey_alloc(0, 0);
		if (keys[i] < 0)
			prog_skip("no protection keys here");
	}
	/* With something else between them, so that no two become one. */
	for (i = 0; i < PLACES; i++) {
		mem[i] = prog_map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1);
		prog_fill(mem[i], 2 * PAGE, i);
		CHECK(!mprotect(mem[i] + PAGE, PAGE, PROT_NONE));
	}
	prog_ready();
	for (turn = 0; !prog_done(); turn++) {
		for (i = 0; i < PLACES; i++) {
			has[i] = keys[(turn + i) % KEYS];
			CHECK(!pkey_mprotect(mem[i], PAGE, PROT_READ | PROT_WRITE, has[i]));
		}
		prog_nap();
		check();
	}
	for (i = 0; i < PLACES; i++)
		CHECK(prog_filled(mem[i], PAGE, i));
	prog_pass();
}
