// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that no other thread can meet. While threads of the application run, any number that
// the agent took for itself would be missing to them: open() would give another one than the lowest
// that is free. So whatever needs descriptors then is done by a helper with a table of its own.
// Runs in: the agent's handler, and threads that ask by cairn.h, with the application's signals
// blocked. On failure (a limit on processes, say) nothing has happened: the caller does it itself.
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>

#include "arch/x86_64/call.h"
#include "preload/agent.h"

/*
 * A thread, so that it has the process's id for whom it connects to, no wait() finds it, and it
 * ends with the process.
 */
#define HELPER                                                                             \
	(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SYSVSEM | CLONE_PARENT_SETTID)

struct work {
	void (*fn)(void *);
	void *arg;
	bool done;
};

/* Nothing is unshared where it succeeds: the kernel tells that there is one thread only. */
bool agent_alone(void)
{
	return cr_sys0(SYS_gettid) == cr_sys0(SYS_getpid) &&
	       !cr_sys1(SYS_prctl, PR_GET_SECCOMP) && !cr_sys1(SYS_unshare, CLONE_THREAD);
}

static void help(void *arg)
{
	struct work *work = arg;
	uint64_t all = ~0ull;

	/* Our caller may still be called by the agent; this thread is nobody's business. */
	cr_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof(all));
	cr_sys2(SYS_prctl, PR_SET_NAME, CR_WRITER_NAME);
	if (cr_sys3(SYS_close_range, 0, ~0u, CLOSE_RANGE_UNSHARE))
		return;
	work->done = true;
	work->fn(work->arg);
}

/* It would wait for the very threads to be stopped, if these spin at a priority of real time. */
static bool would_lose_priority(void)
{
	long policy = cr_sys1(SYS_sched_getscheduler, 0);

	return policy > 0 && policy & SCHED_RESET_ON_FORK &&
	       (policy & ~SCHED_RESET_ON_FORK) != SCHED_OTHER;
}

bool agent_apart(void (*fn)(void *), void *arg, void *top, _Atomic int *helper)
{
	struct work work = { fn, arg, false };
	int pid = cr_sys0(SYS_getpid), tries;
	long tid;

	/* An older kernel copies the table first: to close a queue is to take back its notice. */
	if (agent_notified() || would_lose_priority())
		return false;
	tid = cr_clone_thread(HELPER, top, help, &work, helper);
	/* The kernel wakes us when it has left our memory, which is a moment before its end. */
	for (tries = 0; tid > 0 && tries < 10000 && !cr_sys3(SYS_tgkill, pid, tid, 0); tries++)
		cr_sys0(SYS_sched_yield);
	atomic_store(helper, 0);
	return work.done;
}
