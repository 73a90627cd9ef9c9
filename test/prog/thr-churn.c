// SPDX-License-Identifier: Apache-2.0
/* Detached and joined threads are created and finish all the time. */
#include "prog.h"

static atomic_long born, died;

static void *brief(void *arg)
{
	(void)arg;
	atomic_fetch_add(&died, 1);
	return arg;
}

static void *breeder(void *arg)
{
	pthread_attr_t attr;
	long n = 0;
	void *ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (!prog_has("verify") && !prog_has("result")) {
		pthread_t t;

		if (arg) {
			prog_thread(&t, brief, (void *)n);
			CHECK(!pthread_join(t, &ret));
			CHECK_EQ(ret, n);
		} else {
			/* No more of them at once than the limits of any user allow. */
			while (atomic_load(&born) - atomic_load(&died) > 50)
				sched_yield();
			CHECK_EQ(pthread_create(&t, &attr, brief, NULL), 0);
		}
		n++;
		atomic_fetch_add(&born, 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[4];
	long i;

	prog_init(argc, argv);
	for (i = 0; i < 4; i++)
		prog_thread(&t[i], breeder, (void *)(i % 2));
	prog_ready();
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	while (atomic_load(&died) != atomic_load(&born))
		prog_nap();
	prog_pass();
}
