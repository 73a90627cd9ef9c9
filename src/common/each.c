// SPDX-License-Identifier: Apache-2.0
//
// The same for many: while a job stands still, the CPUs that it leaves idle share what there is to
// ask the kernel. Runs in the shepherd. Without threads to be had the caller does it all.
#include "common/each.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS 8
#define STEP 4

struct work {
	size_t n;
	_Atomic size_t next;
	void (*fn)(void *arg, size_t i);
	void *arg;
};

static void *some(void *arg)
{
	struct work *w = arg;
	size_t i, end;

	while ((i = atomic_fetch_add(&w->next, STEP)) < w->n)
		for (end = i + STEP < w->n ? i + STEP : w->n; i < end; i++)
			w->fn(w->arg, i);
	return NULL;
}

void cr_each(size_t n, size_t few, void (*fn)(void *arg, size_t i), void *arg)
{
	struct work w = { .n = n, .fn = fn, .arg = arg };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = cpus < THREADS ? cpus - 1 : THREADS - 1, i;
	pthread_t helpers[THREADS];
	sigset_t all, old;

	if (threads > n / few)
		threads = n / few;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < threads; i++)
		if (pthread_create(&helpers[i], NULL, some, &w))
			break;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	some(&w);
	while (i)
		pthread_join(helpers[--i], NULL);
}
