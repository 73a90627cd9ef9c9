// SPDX-License-Identifier: Apache-2.0
//
// libc's locks know their owner by the thread's id and compare it: when a recursive,
// error-checking, robust or priority-inheriting mutex, or a lock for writing, is held across a
// restart that gave the thread another id, the word is of an earlier life. It is mended when the
// lock is next used.
// (What the kernel itself looks at is mended at once: locks.c.)
// Runs in: the application's threads. Before such a restart: the test of a flag.
#include <linux/futex.h>
#include <pthread.h>
#include <threads.h>

#include "arch/x86_64/syscall.h"
#include "preload/agent_ids.h"
#include "preload/wrap_locks.h"
#include "preload/wrappers.h"

/* Of __kind, glibc's, part of its binary interface. */
#define ROBUST 16
#define INHERIT 32

/* Mended by the owner, or by anyone if the kernel compares it and nobody is called so now. */
static void wrap_locks_mend(int *word, bool by_anyone)
{
	unsigned int v = __atomic_load_n((unsigned int *)word, __ATOMIC_RELAXED);
	int tid = v & FUTEX_TID_MASK, now = cr_id_now(&agent_ids, tid);

	if (!now ||
	    (now != cr_sys0(SYS_gettid) && (!by_anyone || cr_sys2(SYS_kill, tid, 0) != -ESRCH)))
		return;
	__atomic_compare_exchange_n((unsigned int *)word, &v, (v & ~FUTEX_TID_MASK) | now, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void agent_mend_mutex(pthread_mutex_t *m)
{
	if (m->__data.__kind & (ROBUST | INHERIT))
		wrap_locks_mend(&m->__data.__lock, true);
	wrap_locks_mend(&m->__data.__owner, false);
}

#define MEND(m)                                        \
	do {                                           \
		if (__builtin_expect(agent_ids_on, 0)) \
			agent_mend_mutex(m);           \
	} while (0)

CR_WRAPPER int pthread_mutex_lock(pthread_mutex_t *m)
{
	MEND(m);
	return CR_REAL(pthread_mutex_lock)(m);
}

CR_WRAPPER int pthread_mutex_trylock(pthread_mutex_t *m)
{
	MEND(m);
	return CR_REAL(pthread_mutex_trylock)(m);
}

CR_WRAPPER int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *t)
{
	MEND(m);
	return CR_REAL(pthread_mutex_timedlock)(m, t);
}

CR_WRAPPER int pthread_mutex_unlock(pthread_mutex_t *m)
{
	MEND(m);
	return CR_REAL(pthread_mutex_unlock)(m);
}

CR_WRAPPER int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	MEND(m);
	return CR_REAL(pthread_cond_wait)(c, m);
}

/* A mtx_t is a mutex under another name, and libc's functions for it are not built upon ours. */
CR_WRAPPER int mtx_lock(mtx_t *m)
{
	MEND((pthread_mutex_t *)m);
	return CR_REAL(mtx_lock)(m);
}

CR_WRAPPER int mtx_trylock(mtx_t *m)
{
	MEND((pthread_mutex_t *)m);
	return CR_REAL(mtx_trylock)(m);
}

CR_WRAPPER int mtx_timedlock(mtx_t *m, const struct timespec *t)
{
	MEND((pthread_mutex_t *)m);
	return CR_REAL(mtx_timedlock)(m, t);
}

CR_WRAPPER int mtx_unlock(mtx_t *m)
{
	MEND((pthread_mutex_t *)m);
	return CR_REAL(mtx_unlock)(m);
}

CR_WRAPPER int cnd_wait(cnd_t *c, mtx_t *m)
{
	MEND((pthread_mutex_t *)m);
	return CR_REAL(cnd_wait)(c, m);
}

CR_WRAPPER int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *t)
{
	MEND((pthread_mutex_t *)m);
	return CR_REAL(cnd_timedwait)(c, m, t);
}

/* ---- locks for reading and writing: by the writer's id libc tells what to unlock ---- */

#define MEND_RW(l)                                                         \
	do {                                                               \
		if (__builtin_expect(agent_ids_on, 0))                     \
			wrap_locks_mend(&(l)->__data.__cur_writer, false); \
	} while (0)

CR_WRAPPER int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	MEND_RW(l);
	return CR_REAL(pthread_rwlock_unlock)(l);
}

CR_WRAPPER int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	MEND_RW(l);
	return CR_REAL(pthread_rwlock_rdlock)(l);
}

CR_WRAPPER int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	MEND_RW(l);
	return CR_REAL(pthread_rwlock_wrlock)(l);
}

CR_WRAPPER int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *t)
{
	MEND_RW(l);
	return CR_REAL(pthread_rwlock_timedrdlock)(l, t);
}

CR_WRAPPER int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *t)
{
	MEND_RW(l);
	return CR_REAL(pthread_rwlock_timedwrlock)(l, t);
}
