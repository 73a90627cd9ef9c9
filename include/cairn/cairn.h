/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cairn for programs that want to know of their checkpoints: cairn_checkpoint(3).
 *
 * Nothing needs to be linked. Under crlaunch the agent that Cairn loads into each process answers;
 * elsewhere, in a static program too, each call returns -ENOSYS and does nothing, so a program need
 * not ask first. C and C++; other languages find functions of the same names and types in the
 * process itself (ctypes: CDLL(None)), or do not find them: then they do not run under Cairn.
 *
 * Results below zero are negative errno values; cairn_error() has the text. All functions may be
 * called by any thread at any time and, but for cairn_await_restart(), in signal handlers; none
 * changes errno, allocates or takes a lock. A child of vfork(2) may call none of them.
 */
#ifndef CAIRN_CAIRN_H
#define CAIRN_CAIRN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the functions below: one that adds functions is compatible with programs built before. */
#define CAIRN_VERSION 1

/* What cairn_checkpoint() returns, if it is not below zero. */
enum cairn_result {
	CAIRN_SAVED = 0, /* the checkpoint is committed, and this is the process that it is of */
	CAIRN_RESTARTED = 1 /* this is a later life, restarted from a checkpoint made in the call */
};

/* Filled by cairn_job(). Members are only ever added at the end. */
struct cairn_job_info {
	uint32_t size; /* in: sizeof(struct cairn_job_info); out: how many bytes were filled */
	uint32_t restarts; /* of the job, from its launch to this life */
	uint32_t checkpoint; /* number of the last committed one; 0: none yet */
	uint32_t member; /* this process's member of a job of several, from 0 */
	uint32_t members; /* of the job; 1: it is alone */
	uint32_t failed; /* 1: the last checkpoint has failed, for the reason in error */
	int64_t began; /* this life, seconds since 1970 */
	double interval; /* seconds between checkpoints; 0: only when asked for */
	char name[128];
	char directory[4096]; /* of this job's checkpoints */
	char error[512];
};

/* How the functions below find Cairn: a table in its agent. Nothing for programs. */
struct cairn_calls {
	uint32_t size;
	uint32_t version;
	int (*checkpoint)(void);
	int (*disable)(void);
	int (*enable)(void);
	int (*restarts)(void);
	int (*await_restart)(int seen, int timeout_ms);
	int (*job)(struct cairn_job_info *info);
	const char *(*error)(void);
};

#ifndef CAIRN_AGENT

/* By way of the GOT, which is what leaves a weak symbol to be found when the program is loaded. */
static inline const struct cairn_calls *cairn_calls_here(void)
{
#if defined(__x86_64__)
	const struct cairn_calls *here;

	__asm__(".weak cairn_calls\n\tmovq cairn_calls@GOTPCREL(%%rip), %0" : "=r"(here));
	return here;
#else
	extern const struct cairn_calls cairn_calls __attribute__((weak)); /* style: weak */

	return &cairn_calls;
#endif
}

#define CAIRN_CALL_(call, none, arguments)                                             \
	(cairn_calls_here() && cairn_calls_here()->size > offsetof(struct cairn_calls, \
								   call) ?         \
		 cairn_calls_here()->call arguments :                                  \
		 (none))
#define CAIRN_NONE_ (-38) /* -ENOSYS */

/*
 * Makes a checkpoint of the whole job and waits until it is committed. CAIRN_SAVED or, in a process
 * restarted from it, CAIRN_RESTARTED; both may be returned once for each time that it is called.
 * Who calls while others of the job do, or while an older request waits, shares their checkpoint.
 * Below zero: no checkpoint, and the job goes on: -EDEADLK in a section of this thread's own,
 * -ETIMEDOUT if somebody did not stop or stayed in a section for longer than --stop-timeout,
 * -EOPNOTSUPP if the job holds what cannot be saved, -ENOSPC, -EIO and others of the disk's,
 * -ECONNREFUSED if whoever makes the job's checkpoints has gone, -EHOSTUNREACH in a cluster's job
 * whose daemon is away.
 */
static inline int cairn_checkpoint(void)
{
	return CAIRN_CALL_(checkpoint, CAIRN_NONE_, ());
}

/*
 * From here to cairn_enable() no checkpoint is taken: a section. One that is due waits for its end,
 * for up to --stop-timeout, and then fails with the name of the process. Sections belong to a
 * thread and nest; they end with it, with its process and with an exec. A child of fork begins in
 * the section of the thread that forked. Inside, do not wait for another process of the job, which
 * may stand still already. Returns how deep the thread is now, 1 or more.
 */
static inline int cairn_disable(void)
{
	return CAIRN_CALL_(disable, CAIRN_NONE_, ());
}

/* How deep the thread still is, 0: no longer; -EINVAL if it was in no section. */
static inline int cairn_enable(void)
{
	return CAIRN_CALL_(enable, CAIRN_NONE_, ());
}

/*
 * How often this process has been restarted, from 0. No system call: so a program looks whether it
 * has risen where it would like to open something again, and needs no callback.
 */
static inline int cairn_restarts(void)
{
	return CAIRN_CALL_(restarts, CAIRN_NONE_, ());
}

/*
 * Waits until cairn_restarts() is more than seen, for at most timeout_ms milliseconds, for ever if
 * that is below zero; for a thread that does what is to be done after a restart. What
 * cairn_restarts() is then; -ETIMEDOUT; -EINTR if a signal handler has run.
 */
static inline int cairn_await_restart(int seen, int timeout_ms)
{
	return CAIRN_CALL_(await_restart, CAIRN_NONE_, (seen, timeout_ms));
}

/* Fills *info, whose size must be set; 0. Asks the shepherd: some microseconds. */
static inline int cairn_job(struct cairn_job_info *info)
{
	return CAIRN_CALL_(job, CAIRN_NONE_, (info));
}

/* Why the last call of this thread failed, until its next one; "" if it did not. */
static inline const char *cairn_error(void)
{
	return CAIRN_CALL_(error, "not under Cairn: not started by crlaunch", ());
}

#endif

#ifdef __cplusplus
}
#endif

#endif
