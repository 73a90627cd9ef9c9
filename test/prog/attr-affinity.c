// SPDX-License-Identifier: Apache-2.0
/* The processor affinity of each thread. */
#include "prog.h"

static cpu_set_t all;

static void check(int nth)
{
	cpu_set_t set, want;
	int cpu, n = 0;

	CPU_ZERO(&want);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && n++ == nth)
			CPU_SET(cpu, &want);
	if (!prog_has("up"))
		CHECK(!sched_setaffinity(0, sizeof(want), &want));
	CHECK(!sched_getaffinity(0, sizeof(set), &set));
	CHECK(CPU_EQUAL(&set, &want));
	CHECK(CPU_ISSET(sched_getcpu(), &want));
}

static void *thread(void *arg)
{
	check(1);
	prog_mark("up");
	prog_wait();
	check(1);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	CHECK(!sched_getaffinity(0, sizeof(all), &all));
	if (CPU_COUNT(&all) < 2)
		prog_skip("only one processor");
	check(0);
	prog_thread(&t, thread, NULL);
	prog_await("up");
	prog_ready();
	while (!prog_done()) {
		check(0);
		prog_nap();
	}
	pthread_join(t, NULL);
	prog_pass();
}
