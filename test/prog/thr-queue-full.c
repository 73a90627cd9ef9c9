// SPDX-License-Identifier: Apache-2.0
/*
 * The user of the process may have few waiting signals, one if possible: its threads cannot all be
 * called at the same time, and none of them may run on while the others are saved.
 */
#include "prog.h"

#define THREADS 32
#define ROOM 8 /* where others have the same user: a timer of timeout(1) counts as one, too */

static atomic_long turns[THREADS];

static void *count(void *arg)
{
	atomic_long *own = arg;

	while (!prog_done()) {
		atomic_fetch_add(own, 1);
		prog_nap();
	}
	return NULL;
}

/* How many signals wait now, for all of the user's processes. */
static long waiting(void)
{
	char buf[4096], *p;

	CHECK(prog_slurp("/proc/self/status", buf, sizeof(buf)) > 0);
	p = strstr(buf, "SigQ:");
	CHECK(p);
	return atol(p + 5);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	pthread_t t[THREADS];
	int i, room = ROOM;

	prog_init(argc, argv);
	/* A user of our own, of whose signals nobody else has any. */
	if (!geteuid()) {
		CHECK(!chmod(prog_dir, 0777));
		CHECK(!setresuid(64987, 64987, 64987));
		room = 1;
	}
	CHECK(!getrlimit(RLIMIT_SIGPENDING, &limit));
	limit.rlim_cur = waiting() + room;
	CHECK(!setrlimit(RLIMIT_SIGPENDING, &limit));
	for (i = 0; i < THREADS; i++)
		prog_thread(&t[i], count, &turns[i]);
	prog_ready();
	prog_wait();
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		CHECK(atomic_load(&turns[i]));
	}
	prog_pass();
}
