// SPDX-License-Identifier: Apache-2.0
/* Code that spins and waits on stacks barely larger than the C library's minimum. */
#include "prog.h"

static atomic_int stop;

static void *waiter(void *arg)
{
	struct timespec ts = { 0, 10000000 };

	while (!atomic_load(&stop))
		nanosleep(&ts, NULL);
	return arg;
}

static void *spinner(void *arg)
{
	while (!atomic_load_explicit(&stop, memory_order_relaxed))
		__asm__ volatile("pause");
	return arg;
}

int main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t t[4];
	int i;

	prog_init(argc, argv);
	pthread_attr_init(&attr);
	CHECK(!pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN));
	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&t[i], &attr, i % 2 ? waiter : spinner, NULL));
	prog_ready();
	prog_wait();
	atomic_store(&stop, 1);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
