// SPDX-License-Identifier: Apache-2.0
//
// Clocks of a job that was restarted without a time namespace: monotonic time goes on where it
// stood at the checkpoint, by an offset that is added to what is read and taken off what is waited
// for. Relative times, and those of the wall clock, need no help.
// Runs in: the application's threads. Before such a restart: the test of a flag.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#include "preload/agent_ids.h"
#include "preload/readable.h"
#include "preload/agent_text.h"
#include "preload/wrap_clocks.h"
#include "preload/wrap_ids.h"
#include "preload/wrap_locks.h"
#include "preload/wrappers.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

/* In *copy the time t of the application's clock as the kernel's has it; or t itself. */
static const struct timespec *kernel_time(clockid_t clock, const struct timespec *t,
					  struct timespec *copy)
{
	int64_t by = agent_ids_on ? agent_clock_offset(&agent_ids, clock) : 0;

	if (!by || !t || !agent_readable(t, sizeof(*t)))
		return t;
	*copy = *t;
	agent_add_ns(copy, -by);
	return copy;
}

/* ---- reading ---- */

CR_WRAPPER int clock_gettime(clockid_t clock, struct timespec *t)
{
	int ret = CR_REAL(clock_gettime)(agent_clock_real(clock), t);

	if (__builtin_expect(agent_ids_on, 0) && !ret)
		agent_add_ns(t, agent_clock_offset(&agent_ids, clock));
	return ret;
}

CR_WRAPPER int clock_getres(clockid_t clock, struct timespec *t)
{
	return CR_REAL(clock_getres)(agent_clock_real(clock), t);
}

/* ---- waiting ---- */

int agent_clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
			  struct timespec *rest)
{
	struct timespec copy;

	if (flags & TIMER_ABSTIME)
		t = kernel_time(clock, t, &copy);
	return CR_REAL(clock_nanosleep)(agent_clock_real(clock), flags, t, rest);
}

/* By which clock a condition is waited for is the second bit of a word of glibc's interface. */
static clockid_t wrap_clocks_clock_of(const pthread_cond_t *c)
{
	return c->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

CR_WRAPPER int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
				      const struct timespec *t)
{
	struct timespec copy;

	if (__builtin_expect(agent_ids_on, 0)) {
		agent_mend_mutex(m);
		t = kernel_time(wrap_clocks_clock_of(c), t, &copy);
	}
	return CR_REAL(pthread_cond_timedwait)(c, m, t);
}

CR_WRAPPER int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
				      const struct timespec *t)
{
	struct timespec copy;

	if (__builtin_expect(agent_ids_on, 0)) {
		agent_mend_mutex(m);
		t = kernel_time(clock, t, &copy);
	}
	return CR_REAL(pthread_cond_clockwait)(c, m, clock, t);
}

CR_WRAPPER int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock,
				       const struct timespec *t)
{
	struct timespec copy;

	if (__builtin_expect(agent_ids_on, 0)) {
		agent_mend_mutex(m);
		t = kernel_time(clock, t, &copy);
	}
	return CR_REAL(pthread_mutex_clocklock)(m, clock, t);
}

CR_WRAPPER int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
					  const struct timespec *t)
{
	struct timespec copy;

	return CR_REAL(pthread_rwlock_clockrdlock)(l, clock, kernel_time(clock, t, &copy));
}

CR_WRAPPER int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
					  const struct timespec *t)
{
	struct timespec copy;

	return CR_REAL(pthread_rwlock_clockwrlock)(l, clock, kernel_time(clock, t, &copy));
}

CR_WRAPPER int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *t)
{
	struct timespec copy;

	return CR_REAL(sem_clockwait)(s, clock, kernel_time(clock, t, &copy));
}

CR_WRAPPER int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
				    const struct timespec *t)
{
	struct timespec copy;

	return CR_REAL(pthread_clockjoin_np)(thread, result, clock, kernel_time(clock, t, &copy));
}

#define BY_MONOTONIC_TIME(command)                                               \
	((command) == FUTEX_WAIT_BITSET || (command) == FUTEX_WAIT_REQUEUE_PI || \
	 (command) == FUTEX_LOCK_PI2)

bool agent_futex_is_absolute(int op)
{
	return !(op & FUTEX_CLOCK_REALTIME) && BY_MONOTONIC_TIME(op & FUTEX_CMD_MASK);
}

void agent_futex_time(int op, const struct timespec *t, struct timespec *copy, const void **out)
{
	if (agent_futex_is_absolute(op))
		*out = kernel_time(CLOCK_MONOTONIC, t, copy);
}

/* ---- timers ---- */

/* The number behind key, in the part of a file of /proc that begins with from. */
static int64_t wrap_clocks_number_in(const char *path, const char *from, const char *key)
{
	char buf[4096];
	const char *p;

	if (cr_read_text(AT_FDCWD, path, buf, sizeof(buf)) <= 0 || !(p = strstr(buf, from)) ||
	    !(p = strstr(p, key)))
		return -1;
	p += strlen(key);
	while (*p == ' ' || *p == '\t')
		p++;
	return cr_get_number(&p, 10);
}

CR_WRAPPER int timerfd_settime(int fd, int flags, const struct itimerspec *t,
			       struct itimerspec *old)
{
	struct itimerspec copy;
	char path[64];

	if (__builtin_expect(agent_ids_on, 0) && flags & TFD_TIMER_ABSTIME && t &&
	    agent_readable(t, sizeof(*t)) && (t->it_value.tv_sec || t->it_value.tv_nsec)) {
		cr_put_number(cr_put_text(path, "/proc/self/fdinfo/"), fd);
		copy = *t;
		kernel_time(wrap_clocks_number_in(path, "clockid:", "clockid:"), &t->it_value,
			    &copy.it_value);
		t = &copy;
	}
	return agent_result(cr_sys4(SYS_timerfd_settime, fd, flags, t, old));
}

CR_WRAPPER int timer_settime(timer_t timer, int flags, const struct itimerspec *t,
			     struct itimerspec *old)
{
	struct itimerspec copy;
	char from[32];
	long id = (long)timer;

	if (__builtin_expect(agent_ids_on, 0) && flags & TIMER_ABSTIME && t &&
	    agent_readable(t, sizeof(*t)) && (t->it_value.tv_sec || t->it_value.tv_nsec)) {
		/* One with a thread: the address of libc's record, shifted. */
		if (id < 0)
			id = *(int *)(id << 1);
		cr_put_text(cr_put_number(cr_put_text(from, "ID: "), id), "\n");
		copy = *t;
		kernel_time(wrap_clocks_number_in("/proc/self/timers", from, "ClockID:"),
			    &t->it_value, &copy.it_value);
		t = &copy;
	}
	return CR_REAL(timer_settime)(timer, flags, t, old);
}
