// SPDX-License-Identifier: Apache-2.0
/* Producers and consumers on condition variables pass every number exactly once. */
#include "prog.h"

#define SLOTS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long ring[SLOTS], put, got, put_sum, got_sum;
static bool stop;

static void *producer(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (!stop) {
		while (put - got == SLOTS && !stop)
			pthread_cond_wait(&not_full, &lock);
		if (stop)
			break;
		ring[put % SLOTS] = put;
		put_sum += put++;
		pthread_cond_signal(&not_empty);
	}
	pthread_cond_broadcast(&not_empty);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *consumer(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (put == got && !stop)
			pthread_cond_wait(&not_empty, &lock);
		if (put == got)
			break;
		CHECK_EQ(ring[got % SLOTS], got);
		got_sum += got++;
		pthread_cond_signal(&not_full);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[6];
	int i;

	prog_init(argc, argv);
	for (i = 0; i < 6; i++)
		prog_thread(&t[i], i % 2 ? producer : consumer, NULL);
	prog_ready();
	prog_wait();
	pthread_mutex_lock(&lock);
	stop = true;
	pthread_cond_broadcast(&not_full);
	pthread_cond_broadcast(&not_empty);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(got, put);
	CHECK_EQ(got_sum, put_sum);
	prog_pass();
}
