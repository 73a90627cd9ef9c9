// SPDX-License-Identifier: Apache-2.0
/* The policy of each thread, with nice values; for root also real-time ones. */
#include "prog.h"

static const struct {
	int policy, priority, nice;
} all[] = {
	{ SCHED_OTHER, 0, 5 },	    { SCHED_BATCH, 0, 7 },
	{ SCHED_IDLE, 0, 0 },	    { SCHED_BATCH | SCHED_RESET_ON_FORK, 0, 3 },
	{ SCHED_FIFO, 3, 0 },	    { SCHED_RR, 7, 0 },
};
static atomic_int ready;

static void check(int i)
{
	struct sched_param param;

	CHECK_EQ(sched_getscheduler(0), all[i].policy);
	CHECK(!sched_getparam(0, &param));
	CHECK_EQ(param.sched_priority, all[i].priority);
	if (!all[i].priority)
		CHECK_EQ(getpriority(PRIO_PROCESS, 0), all[i].nice);
}

static void *thread(void *arg)
{
	int i = (long)arg;
	struct sched_param param = { all[i].priority };

	CHECK(!sched_setscheduler(0, all[i].policy, &param));
	if (!all[i].priority)
		CHECK(!setpriority(PRIO_PROCESS, 0, all[i].nice));
	ready++;
	while (!prog_done()) {
		check(i);
		prog_nap();
	}
	check(i);
	return NULL;
}

int main(int argc, char **argv)
{
	long n = geteuid() ? 4 : 6, i;
	pthread_t t[6];

	prog_init(argc, argv);
	for (i = 0; i < n; i++)
		prog_thread(&t[i], thread, (void *)i);
	while (ready < n)
		prog_nap();
	prog_ready();
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
