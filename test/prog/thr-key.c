// SPDX-License-Identifier: Apache-2.0
/* pthread_key values per thread stay and their destructors run once at thread end. */
#include "prog.h"

#define N 5

static pthread_key_t keys[40];
static atomic_int destroyed;

static void destroy(void *p)
{
	(void)p;
	atomic_fetch_add(&destroyed, 1);
}

static void *thread(void *arg)
{
	long me = (long)arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK(!pthread_setspecific(keys[i], (void *)(me * 100 + i + 1)));
	prog_wait();
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_EQ(pthread_getspecific(keys[i]), me * 100 + i + 1);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[N];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < (long)ARRAY_SIZE(keys); i++)
		CHECK(!pthread_key_create(&keys[i], destroy));
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)i);
	prog_ready();
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(destroyed, N * ARRAY_SIZE(keys));
	prog_pass();
}
