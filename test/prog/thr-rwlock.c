// SPDX-License-Identifier: Apache-2.0
/* Readers under a read-write lock never see a half-made change of the writers. */
#include "prog.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static volatile long a, b;

static void *reader(void *arg)
{
	(void)arg;
	while (!prog_done()) {
		CHECK_EQ(pthread_rwlock_rdlock(&lock), 0);
		CHECK_EQ(a, -b);
		CHECK_EQ(pthread_rwlock_unlock(&lock), 0);
	}
	return NULL;
}

static void *writer(void *arg)
{
	(void)arg;
	while (!prog_done()) {
		CHECK_EQ(pthread_rwlock_wrlock(&lock), 0);
		a++;
		sched_yield();
		b--;
		CHECK_EQ(pthread_rwlock_unlock(&lock), 0);
		prog_nap_ms(1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[6];
	int i;

	prog_init(argc, argv);
	for (i = 0; i < 6; i++)
		prog_thread(&t[i], i < 2 ? writer : reader, NULL);
	prog_ready();
	for (i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK(a > 0);
	prog_pass();
}
