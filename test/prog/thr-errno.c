// SPDX-License-Identifier: Apache-2.0
/* errno of each thread survives, as a checkpoint is none of the program's calls. */
#include "prog.h"

#define N 4

static atomic_bool go;

static void *thread(void *arg)
{
	long me = (long)arg;
	volatile int *mine = &errno;

	*mine = 900 + me;
	while (!atomic_load_explicit(&go, memory_order_relaxed))
		CHECK_EQ(*mine, 900 + me);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[N];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	prog_wait();
	atomic_store(&go, true);
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
