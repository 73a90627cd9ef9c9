// SPDX-License-Identifier: Apache-2.0
/* A priority-inheriting mutex, contended by threads, whose owner the kernel finds by id. */
#include "prog.h"

#define N 4

static pthread_mutex_t lock;
static long total, own[N];

static void *thread(void *arg)
{
	long *mine = arg;

	while (!prog_done()) {
		CHECK_EQ(pthread_mutex_lock(&lock), 0);
		total++;
		++*mine;
		prog_nap_ms(2);
		CHECK_EQ(pthread_mutex_unlock(&lock), 0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_mutexattr_t attr;
	pthread_t t[N];
	long sum = 0;
	int i;

	prog_init(argc, argv);
	CHECK(!pthread_mutexattr_init(&attr));
	CHECK(!pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	CHECK(!pthread_mutex_init(&lock, &attr));
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, &own[i]);
	prog_ready();
	for (i = 0; i < N; i++) {
		pthread_join(t[i], NULL);
		sum += own[i];
	}
	CHECK_EQ(total, sum);
	prog_pass();
}
