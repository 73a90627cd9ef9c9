// SPDX-License-Identifier: Apache-2.0
/* The kernel keeps updating each thread's restartable-sequences area. */
#include "prog.h"

#include <sys/rseq.h>

static struct rseq *area(void)
{
	return (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* Moving to another processor must show up in the area, which proves the registration. */
static void check(void)
{
	cpu_set_t old, one;
	int cpu;

	CHECK(!sched_getaffinity(0, sizeof(old), &old));
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &old))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CHECK(!sched_setaffinity(0, sizeof(one), &one));
		CHECK_EQ(*(volatile uint32_t *)&area()->cpu_id, cpu);
		CHECK_EQ(*(volatile uint32_t *)&area()->cpu_id_start, cpu);
		if (cpu > 4)
			break;
	}
	CHECK(!sched_setaffinity(0, sizeof(old), &old));
}

static void *thread(void *arg)
{
	(void)arg;
	prog_watch(check);
	/* A second registration of the same area is refused as busy. */
	CHECK_EQ(syscall(SYS_rseq, area(), sizeof(struct rseq), 0, RSEQ_SIG), -1);
	CHECK(errno == EBUSY || errno == EINVAL);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[3];
	size_t i;

	prog_init(argc, argv);
	if (!__rseq_size || (int)area()->cpu_id < 0)
		prog_skip("the C library has not registered restartable sequences");
	for (i = 0; i < ARRAY_SIZE(t); i++)
		prog_thread(&t[i], thread, NULL);
	prog_ready();
	prog_watch(check);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
