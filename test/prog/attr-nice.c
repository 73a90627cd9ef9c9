// SPDX-License-Identifier: Apache-2.0
/* Nice values, one per thread, and the scheduling policy. */
#include "prog.h"

static void *thread(void *arg)
{
	struct sched_param par = { 0 };

	CHECK(!setpriority(PRIO_PROCESS, prog_tid(), 10));
	CHECK(!sched_setscheduler(0, SCHED_BATCH, &par));
	prog_mark("up");
	prog_wait();
	CHECK_EQ(getpriority(PRIO_PROCESS, prog_tid()), 10);
	CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int base;

	prog_init(argc, argv);
	prog_thread(&t, thread, NULL);
	prog_await("up");
	errno = 0;
	base = nice(3);
	CHECK(!errno);
	prog_ready();
	prog_wait();
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), base);
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	pthread_join(t, NULL);
	prog_pass();
}
