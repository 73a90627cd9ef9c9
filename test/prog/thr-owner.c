// SPDX-License-Identifier: Apache-2.0
/* Recursive and error-checking mutexes know their owner by its thread id. */
#include "prog.h"

static pthread_mutex_t rec, chk;

static void init(pthread_mutex_t *m, int type)
{
	pthread_mutexattr_t attr;

	CHECK(!pthread_mutexattr_init(&attr));
	CHECK(!pthread_mutexattr_settype(&attr, type));
	CHECK(!pthread_mutex_init(m, &attr));
}

static void *stranger(void *arg)
{
	(void)arg;
	CHECK_EQ(pthread_mutex_unlock(&chk), EPERM);
	CHECK_EQ(pthread_mutex_trylock(&rec), EBUSY);
	CHECK_EQ(pthread_mutex_trylock(&chk), EBUSY);
	return NULL;
}

static void *owner(void *arg)
{
	pthread_t t;

	(void)arg;
	CHECK(!pthread_mutex_lock(&rec) && !pthread_mutex_lock(&rec));
	CHECK(!pthread_mutex_lock(&chk));
	prog_ready();
	while (!prog_done()) {
		CHECK_EQ(pthread_mutex_lock(&chk), EDEADLK);
		prog_nap();
	}
	prog_thread(&t, stranger, NULL);
	pthread_join(t, NULL);
	CHECK_EQ(pthread_mutex_lock(&rec), 0);
	CHECK_EQ(pthread_mutex_unlock(&rec), 0);
	CHECK_EQ(pthread_mutex_unlock(&rec), 0);
	CHECK_EQ(pthread_mutex_unlock(&rec), 0);
	CHECK_EQ(pthread_mutex_unlock(&rec), EPERM);
	CHECK_EQ(pthread_mutex_unlock(&chk), 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	prog_init(argc, argv);
	init(&rec, PTHREAD_MUTEX_RECURSIVE);
	init(&chk, PTHREAD_MUTEX_ERRORCHECK);
	prog_thread(&t, owner, NULL);
	pthread_join(t, NULL);
	prog_pass();
}
