// SPDX-License-Identifier: Apache-2.0
//
// See urgent.h. Runs in the daemons; that the priority cannot be had is no failure.
#include "net/urgent.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE (-15)

int cr_urgent_start(pthread_t *t, void *(*run)(void *arg), void *arg)
{
	sigset_t all, old;
	int ret;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(t, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -ret;
}

void cr_urgent_begin(void)
{
	/* Of this thread only: Linux knows it by its own number. */
	setpriority(PRIO_PROCESS, syscall(SYS_gettid), NICE);
}

struct event_base *cr_urgent_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}
