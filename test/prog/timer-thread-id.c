// SPDX-License-Identifier: Apache-2.0
/* Timers that signal one certain thread, and those that run a function in a thread. */
#include "prog.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static atomic_int hits, wrong, calls;
static atomic_bool stop;
static pid_t target;

static void on_signal(int sig)
{
	(void)sig;
	if (prog_tid() == target)
		atomic_fetch_add(&hits, 1);
	else
		atomic_fetch_add(&wrong, 1);
}

static void call(union sigval v)
{
	CHECK_EQ(v.sival_int, 99);
	atomic_fetch_add(&calls, 1);
}

static void *thread(void *arg)
{
	target = prog_tid();
	prog_mark("up");
	while (!atomic_load(&stop))
		prog_nap();
	return arg;
}

int main(int argc, char **argv)
{
	struct itimerspec its = { { 0, 20000000 }, { 0, 20000000 } };
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct sigevent fn = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = call };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	timer_t a, b;
	pthread_t t;
	int h, c;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGUSR1, &sa, NULL));
	prog_thread(&t, thread, NULL);
	prog_await("up");
	ev.sigev_notify_thread_id = target;
	fn.sigev_value.sival_int = 99;
	CHECK(!timer_create(CLOCK_MONOTONIC, &ev, &a) && !timer_settime(a, 0, &its, NULL));
	CHECK(!timer_create(CLOCK_MONOTONIC, &fn, &b) && !timer_settime(b, 0, &its, NULL));
	prog_ready();
	prog_wait();
	h = hits;
	c = calls;
	while (hits < h + 3 || calls < c + 3)
		prog_nap();
	CHECK_EQ(wrong, 0);
	CHECK(!timer_delete(a) && !timer_delete(b));
	atomic_store(&stop, true);
	pthread_join(t, NULL);
	prog_pass();
}
