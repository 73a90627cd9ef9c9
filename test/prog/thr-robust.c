// SPDX-License-Identifier: Apache-2.0
/* A robust mutex whose owner thread ends while holding it reports that to the next owner. */
#include "prog.h"

static pthread_mutex_t before, after;

static void init(pthread_mutex_t *m)
{
	pthread_mutexattr_t attr;

	CHECK(!pthread_mutexattr_init(&attr));
	CHECK(!pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	CHECK(!pthread_mutex_init(m, &attr));
}

static void *ends_before(void *arg)
{
	(void)arg;
	CHECK(!pthread_mutex_lock(&before));
	return NULL;
}

/* Its list of robust mutexes is known to the kernel, which has to know it again. */
static void *ends_after(void *arg)
{
	(void)arg;
	CHECK(!pthread_mutex_lock(&after));
	prog_mark("locked");
	prog_wait();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	init(&before);
	init(&after);
	prog_thread(&t, ends_before, NULL);
	pthread_join(t, NULL);
	prog_thread(&t, ends_after, NULL);
	prog_await("locked");
	prog_ready();
	prog_wait();
	CHECK_EQ(pthread_mutex_lock(&after), EOWNERDEAD);
	CHECK(!pthread_mutex_consistent(&after));
	CHECK(!pthread_mutex_unlock(&after));
	pthread_join(t, NULL);
	CHECK_EQ(pthread_mutex_lock(&before), EOWNERDEAD);
	CHECK(!pthread_mutex_unlock(&before));
	CHECK_EQ(pthread_mutex_lock(&before), ENOTRECOVERABLE);
	prog_pass();
}
