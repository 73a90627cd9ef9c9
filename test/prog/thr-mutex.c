// SPDX-License-Identifier: Apache-2.0
/* Eight threads share a counter under a mutex; no increment is ever lost. */
#include "prog.h"

#define N 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long total;

static void *thread(void *arg)
{
	long *own = arg;

	while (!prog_has("verify")) {
		int i;

		for (i = 0; i < 1000; i++) {
			pthread_mutex_lock(&lock);
			total++;
			pthread_mutex_unlock(&lock);
			++*own;
		}
		prog_nap_ms(1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long own[N] = { 0 }, sum = 0;
	pthread_t t[N];
	int i;

	prog_init(argc, argv);
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, &own[i]);
	prog_ready();
	for (i = 0; i < N; i++) {
		pthread_join(t[i], NULL);
		sum += own[i];
	}
	CHECK(sum > 0);
	CHECK_EQ(total, sum);
	prog_pass();
}
