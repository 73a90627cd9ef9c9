// SPDX-License-Identifier: Apache-2.0
/* Threads in calls with a time limit, one per call, always get exactly their time-out. */
#include "prog.h"

#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/select.h>

#define LIMIT_NS 300000000L

static int silent[2];
static sem_t sem;
static int word;
static sigset_t waited;

static struct timespec later(clockid_t clk)
{
	struct timespec ts;

	clock_gettime(clk, &ts);
	ts.tv_nsec += LIMIT_NS;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static const struct timespec rel = { 0, LIMIT_NS };

static int do_nanosleep(void)
{
	return nanosleep(&rel, NULL) ? errno : ETIMEDOUT;
}

static int do_clock_rel(void)
{
	return clock_nanosleep(CLOCK_BOOTTIME, 0, &rel, NULL) ?: ETIMEDOUT;
}

static int do_clock_abs(void)
{
	struct timespec ts = later(CLOCK_MONOTONIC);

	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ?: ETIMEDOUT;
}

static int do_usleep(void)
{
	return usleep(LIMIT_NS / 1000) ? errno : ETIMEDOUT;
}

static int do_poll(void)
{
	struct pollfd p = { .fd = silent[0], .events = POLLIN };
	int n = poll(&p, 1, LIMIT_NS / 1000000);

	return n < 0 ? errno : n ? 0 : ETIMEDOUT;
}

static int do_ppoll(void)
{
	struct pollfd p = { .fd = silent[0], .events = POLLIN };
	int n = ppoll(&p, 1, &rel, &waited);

	return n < 0 ? errno : n ? 0 : ETIMEDOUT;
}

static int do_select(void)
{
	struct timeval tv = { 0, LIMIT_NS / 1000 };
	fd_set set;
	int n;

	FD_ZERO(&set);
	FD_SET(silent[0], &set);
	n = select(silent[0] + 1, &set, NULL, NULL, &tv);
	return n < 0 ? errno : n ? 0 : ETIMEDOUT;
}

static int do_pselect(void)
{
	fd_set set;
	int n;

	FD_ZERO(&set);
	FD_SET(silent[0], &set);
	n = pselect(silent[0] + 1, &set, NULL, NULL, &rel, &waited);
	return n < 0 ? errno : n ? 0 : ETIMEDOUT;
}

static int do_futex(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &rel, NULL, 0) ? errno : 0;
}

static int do_futex_abs(void)
{
	struct timespec ts = later(CLOCK_MONOTONIC);

	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, ~0) ? errno : 0;
}

/* Its limit is a date, which comes whether the job runs or not. */
static int do_sem(void)
{
	struct timespec ts = later(CLOCK_REALTIME);

	return sem_timedwait(&sem, &ts) ? errno : 0;
}

static int do_cond(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t c = PTHREAD_COND_INITIALIZER;
	struct timespec ts = later(CLOCK_REALTIME);
	int err;

	pthread_mutex_lock(&m);
	err = pthread_cond_timedwait(&c, &m, &ts);
	pthread_mutex_unlock(&m);
	return err;
}

static int do_sigtimedwait(void)
{
	siginfo_t si;
	int n = sigtimedwait(&waited, &si, &rel);

	return n < 0 ? errno == EAGAIN ? ETIMEDOUT : errno : 0;
}

static const struct call {
	const char *name;
	int (*fn)(void);
	bool by_date;
} calls[] = {
	{ "nanosleep", do_nanosleep, false }, { "clock_nanosleep relative", do_clock_rel, false },
	{ "clock_nanosleep absolute", do_clock_abs, false }, { "usleep", do_usleep, false },
	{ "poll", do_poll, false }, { "ppoll", do_ppoll, false }, { "select", do_select, false },
	{ "pselect", do_pselect, false }, { "futex", do_futex, false },
	{ "futex absolute", do_futex_abs, false }, { "sem_timedwait", do_sem, true },
	{ "pthread_cond_timedwait", do_cond, true }, { "sigtimedwait", do_sigtimedwait, false },
};

static void *thread(void *arg)
{
	const struct call *c = arg;
	double start, took;
	int err;

	while (!prog_done()) {
		start = prog_now(CLOCK_MONOTONIC);
		err = c->fn();
		took = prog_now(CLOCK_MONOTONIC) - start;
		if (err != ETIMEDOUT)
			prog_fail(__FILE__, __LINE__, "%s: %s", c->name,
				  strerrorname_np(err) ?: "0");
		if (took < LIMIT_NS / 1e9 - 0.002 && !c->by_date)
			prog_fail(__FILE__, __LINE__, "%s ended after %f s", c->name, took);
		if (took > 60)
			prog_fail(__FILE__, __LINE__, "%s lasted %f s", c->name, took);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[ARRAY_SIZE(calls)];
	size_t i;

	prog_init(argc, argv);
	sigemptyset(&waited);
	sigaddset(&waited, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &waited, NULL));
	CHECK(!pipe(silent) && !sem_init(&sem, 0, 0));
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		prog_thread(&t[i], thread, (void *)&calls[i]);
	prog_ready();
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		pthread_join(t[i], NULL);
	prog_pass();
}
