// SPDX-License-Identifier: Apache-2.0
/* Thread-local variables, also those of an object loaded late, keep each thread's value. */
#include "prog.h"

#define N 6

static __thread long initialised = 77, zeroed;
static __thread char big[10000];

static void *thread(void *arg)
{
	long me = (long)arg;
	long *addr = &zeroed;

	CHECK_EQ(initialised, 77);
	CHECK_EQ(zeroed, 0);
	initialised = zeroed = me;
	prog_fill(big, sizeof(big), me);
	errno = 1000 + me;
	while (!prog_has("verify")) {
		CHECK_EQ(initialised, me);
		CHECK(addr == &zeroed && *addr == me);
		usleep(10000);
	}
	CHECK(prog_filled(big, sizeof(big), me));
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[N], late;
	long i;

	prog_init(argc, argv);
	for (i = 0; i < N; i++)
		prog_thread(&t[i], thread, (void *)(i + 1));
	initialised = 500;
	prog_ready();
	prog_wait();
	CHECK_EQ(initialised, 500);
	prog_thread(&late, thread, (void *)99L);
	pthread_join(late, NULL);
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
