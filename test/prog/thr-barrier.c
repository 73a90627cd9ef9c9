// SPDX-License-Identifier: Apache-2.0
/* Five threads meet at a barrier round after round and stay in step. */
#include "prog.h"

#define N 5

static pthread_barrier_t barrier;
static atomic_long rounds[N];
static atomic_bool stop;

static void *thread(void *arg)
{
	long me = (long)arg;
	int i;

	while (!atomic_load(&stop)) {
		atomic_fetch_add(&rounds[me], 1);
		pthread_barrier_wait(&barrier);
		for (i = 0; i < N; i++)
			CHECK_EQ(rounds[i], rounds[me]);
		if (me == 0 && prog_done())
			atomic_store(&stop, true);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[N];
	long i;

	prog_init(argc, argv);
	pthread_barrier_init(&barrier, NULL, N);
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
