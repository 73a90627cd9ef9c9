// SPDX-License-Identifier: Apache-2.0
/* PR_MCE_KILL of each thread. */
#include "prog.h"

#include <sys/prctl.h>

static const int policies[] = { PR_MCE_KILL_EARLY, PR_MCE_KILL_LATE, PR_MCE_KILL_DEFAULT };
static pthread_barrier_t set;

static void *thread(void *arg)
{
	int want = *(const int *)arg;

	CHECK(!prctl(PR_MCE_KILL, PR_MCE_KILL_SET, want, 0, 0));
	pthread_barrier_wait(&set);
	while (!prog_done()) {
		CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), want);
		prog_nap();
	}
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), want);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[3];
	int i;

	prog_init(argc, argv);
	pthread_barrier_init(&set, NULL, 4);
	for (i = 0; i < 3; i++)
		prog_thread(&t[i], thread, (void *)&policies[i]);
	pthread_barrier_wait(&set);
	prog_ready();
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
