// SPDX-License-Identifier: Apache-2.0
//
// Ids as the application sees them and as the kernel has them, since a restart without namespaces.
// Before one, each translation is the test of a flag. The table is written before the first
// thread of the process runs and never changes afterwards.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <ucontext.h>

#include "common/ids.h"

extern bool agent_ids_on __attribute__((visibility("hidden")));
extern struct cr_ids agent_ids __attribute__((visibility("hidden")));

/* Rises with each restart. */
extern unsigned int agent_life __attribute__((visibility("hidden")));

/* A real id as the application sees it, which is more likely one of an earlier life. */
int agent_once(int id);

static inline int agent_real_of(enum cr_id_kind kind, int id)
{
	return __builtin_expect(agent_ids_on, 0) ? cr_id_real(&agent_ids, kind, id) : id;
}

static inline int agent_virtual_of(enum cr_id_kind kind, int id)
{
	return __builtin_expect(agent_ids_on, 0) ? cr_id_virtual(&agent_ids, kind, id) : id;
}

/* Of processes and threads; a group as kill(2) has it, negative, too. -1 and 0 are themselves. */
static inline int agent_real(int id)
{
	return id < -1 ? -agent_real_of(CR_ID_PROCESS, -id) : agent_real_of(CR_ID_PROCESS, id);
}

static inline int agent_virtual(int id)
{
	if (!__builtin_expect(agent_ids_on, 0))
		return id;
	return id < -1 ? -cr_id_virtual(&agent_ids, CR_ID_PROCESS, -id) :
			 cr_id_virtual(&agent_ids, CR_ID_PROCESS, id);
}

/*
 * A restart can come between a system call and the translation. These macros do what is to be done
 * then: a call that only asks is made again; one that did not find the id is, too, if the id means
 * another by now; a result of an earlier life is known by that.
 */
#define AGENT_ASK(call)                                                            \
	({                                                                         \
		unsigned int life_;                                                \
		int v_;                                                            \
		do {                                                               \
			life_ = __atomic_load_n(&agent_life, __ATOMIC_RELAXED);    \
			v_ = agent_virtual(call);                                  \
		} while (life_ != __atomic_load_n(&agent_life, __ATOMIC_RELAXED)); \
		v_;                                                                \
	})
#define AGENT_RETRY(call)                                                                      \
	({                                                                                     \
		unsigned int life_;                                                            \
		long ret_;                                                                     \
		do {                                                                           \
			life_ = __atomic_load_n(&agent_life, __ATOMIC_RELAXED);                \
			ret_ = call;                                                           \
		} while (ret_ < 0 && life_ != __atomic_load_n(&agent_life, __ATOMIC_RELAXED)); \
		ret_;                                                                          \
	})
#define AGENT_MADE(call)                                                             \
	({                                                                           \
		unsigned int life_ = __atomic_load_n(&agent_life, __ATOMIC_RELAXED); \
		agent_made(life_, call);                                             \
	})

static inline int agent_made(unsigned int life, int id)
{
	return life == __atomic_load_n(&agent_life, __ATOMIC_RELAXED) ? agent_virtual(id) :
									agent_once(id);
}

/* The system call's result as libc's functions give it. */
static inline long agent_result(long ret)
{
	if ((unsigned long)ret < -4095ul)
		return ret;
	errno = -ret;
	return -1;
}

/* Takes over a restart's table, or none. */
void agent_ids_take(const struct cr_ids *ids);
/* For a program that the job has executed: the table under the shepherd's name. */
void agent_ids_load(const char *socket);
bool agent_read_all(long fd, void *to, size_t len);

/* What a clock of the application's is ahead of the kernel's. */
static inline int64_t agent_clock_offset(const struct cr_ids *ids, clockid_t clock)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
		return ids->clock[0];
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return ids->clock[1];
	default:
		return 0;
	}
}

/* Not below zero, which the kernel does not take. */
static inline void agent_add_ns(struct timespec *t, int64_t ns)
{
	int64_t sec = t->tv_sec + ns / 1000000000, nsec = t->tv_nsec + ns % 1000000000;

	if (nsec < 0) {
		nsec += 1000000000;
		sec--;
	} else if (nsec >= 1000000000) {
		nsec -= 1000000000;
		sec++;
	}
	if (sec < 0)
		sec = nsec = 0;
	t->tv_sec = sec;
	t->tv_nsec = nsec;
}
