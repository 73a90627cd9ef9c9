// SPDX-License-Identifier: Apache-2.0
/* Threads blocked in cancellation points are cancelled afterwards and clean up. */
#include "prog.h"

static atomic_int cleaned;

static void cleanup(void *arg)
{
	(void)arg;
	atomic_fetch_add(&cleaned, 1);
}

static void *sleeper(void *arg)
{
	(void)arg;
	pthread_cleanup_push(cleanup, NULL);
	for (;;)
		sleep(1000);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *waiter(void *arg)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	(void)arg;
	pthread_cleanup_push(cleanup, NULL);
	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(&cond, &lock);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spinner(void *arg)
{
	(void)arg;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cleanup_push(cleanup, NULL);
	for (;;)
		__asm__ volatile("pause");
	pthread_cleanup_pop(0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[3];
	void *ret;
	int i;

	prog_init(argc, argv);
	prog_thread(&t[0], sleeper, NULL);
	prog_thread(&t[1], waiter, NULL);
	prog_thread(&t[2], spinner, NULL);
	prog_ready();
	prog_wait();
	for (i = 0; i < 3; i++) {
		CHECK(!pthread_cancel(t[i]));
		CHECK(!pthread_join(t[i], &ret));
		CHECK(ret == PTHREAD_CANCELED);
	}
	CHECK_EQ(cleaned, 3);
	prog_pass();
}
