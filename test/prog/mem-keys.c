// SPDX-License-Identifier: Apache-2.0
/*
 * Protection keys: which are allocated, which memory has which, and what each thread may do with
 * it. Memory that nobody can reach is saved all the same.
 */
#include "prog.h"

#define LEN (4 * PAGE)

enum { SECRET, CONSTANT, RUN, PLACES };

static char *mem[PLACES];
static int keys[PLACES], gap, unused, ends[2];

/* The kernel asks the thread's register as well. */
static bool readable(const char *p)
{
	char c;

	if (write(ends[1], p, 1) != 1) {
		CHECK_EQ(errno, EFAULT);
		return false;
	}
	CHECK_EQ(read(ends[0], &c, 1), 1);
	return true;
}

static bool writable(char *p)
{
	char c;

	CHECK_EQ(write(ends[1], "x", 1), 1);
	if (read(ends[0], p, 1) == 1)
		return true;
	CHECK_EQ(errno, EFAULT);
	if (read(ends[0], &c, 1) != 1)
		CHECK_EQ(errno, EAGAIN);
	return false;
}

static void check(void)
{
	CHECK_EQ(pkey_get(keys[SECRET]), PKEY_DISABLE_ACCESS);
	CHECK_EQ(pkey_get(keys[CONSTANT]), PKEY_DISABLE_WRITE);
	CHECK(!readable(mem[SECRET]) && !writable(mem[SECRET]));
	CHECK(readable(mem[CONSTANT]) && !writable(mem[CONSTANT] + PAGE));
	CHECK(!readable(mem[RUN]));
}

static void *in_thread(void *arg)
{
	(void)arg;
	CHECK(!pkey_set(keys[SECRET], 0));
	while (!prog_done())
		prog_nap();
	CHECK_EQ(pkey_get(keys[SECRET]), 0);
	CHECK(prog_filled(mem[SECRET], LEN, SECRET));
	mem[SECRET][0] ^= 1;
	mem[SECRET][0] ^= 1;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int i, own;

	prog_init(argc, argv);
	gap = pkey_alloc(0, 0);
	if (gap < 0)
		prog_skip("no protection keys here");
	keys[SECRET] = pkey_alloc(0, 0);
	keys[CONSTANT] = pkey_alloc(0, 0);
	unused = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	CHECK(keys[SECRET] > 0 && keys[CONSTANT] > 0 && unused > 0);
	CHECK(!pipe2(ends, O_NONBLOCK));
	for (i = 0; i < PLACES; i++) {
		mem[i] = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		prog_fill(mem[i], LEN, i);
		if (i != RUN)
			CHECK(!pkey_mprotect(mem[i], LEN, PROT_READ | PROT_WRITE, keys[i]));
	}
	CHECK(!pkey_free(gap));
	CHECK(!mprotect(mem[RUN], LEN, PROT_EXEC));
	prog_thread(&t, in_thread, NULL);
	CHECK(!pkey_set(keys[SECRET], PKEY_DISABLE_ACCESS));
	CHECK(!pkey_set(keys[CONSTANT], PKEY_DISABLE_WRITE));
	prog_ready();
	prog_watch(check);
	pthread_join(t, NULL);
	CHECK(!pkey_set(keys[SECRET], 0) && !pkey_set(keys[CONSTANT], 0));
	CHECK(prog_filled(mem[SECRET], LEN, SECRET));
	CHECK(prog_filled(mem[CONSTANT], LEN, CONSTANT));
	CHECK(!mprotect(mem[RUN], LEN, PROT_READ) && prog_filled(mem[RUN], LEN, RUN));
	CHECK(!pkey_mprotect(mem[RUN], PAGE, PROT_READ, unused));
	own = pkey_alloc(0, 0);
	CHECK_EQ(own, unused + 1);
	CHECK(!pkey_free(keys[CONSTANT]) && pkey_free(keys[CONSTANT]) == -1);
	prog_pass();
}
