// SPDX-License-Identifier: Apache-2.0
/* The I/O priority of each thread. */
#include "prog.h"

#include <linux/ioprio.h>

static const int values[] = { IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 1),
			      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0),
			      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7) };
static pthread_barrier_t set;

static void *thread(void *arg)
{
	int want = *(const int *)arg;

	CHECK(!syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, want));
	pthread_barrier_wait(&set);
	prog_wait();
	CHECK_EQ(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0), want);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[3];
	int i;

	prog_init(argc, argv);
	pthread_barrier_init(&set, NULL, 4);
	for (i = 0; i < 3; i++)
		prog_thread(&t[i], thread, (void *)&values[i]);
	pthread_barrier_wait(&set);
	prog_ready();
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
