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
#include "preload/apart.h"
#include "preload/state.h"
#include "preload/wrap_mqueue.h"

/*
 * A thread, so that it has the process's id for whom it connects to, no wait() finds it, and it
 * ends with the process.
 */
#define HELPER                                                                             \
	(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SYSVSEM | CLONE_PARENT_SETTID)

#define MOST 16

/*
 * Who is at it. The kernel writes a thread's id down before that runs, but when others can see it
 * already: whoever stops threads may meet one that nobody knows yet. It is born with every signal
 * blocked, so that it takes none until it is known.
 */
static struct {
	_Atomic int pid; /* of the process, 0: free */
	_Atomic int tid; /* 0: it is being born */
} helpers[MOST];

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

static void apart_help(void *arg)
{
	struct work *work = arg;

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

/* Its number, or MOST: so many are at it. */
static int take_place(int pid)
{
	int i, nobody;

	for (i = 0; i < MOST; i++) {
		nobody = 0;
		if (atomic_compare_exchange_strong(&helpers[i].pid, &nobody, pid))
			break;
	}
	return i;
}

static void leave_place(int i)
{
	atomic_store(&helpers[i].tid, 0);
	atomic_store(&helpers[i].pid, 0);
}

bool agent_is_apart(int tid)
{
	int i;

	for (i = 0; i < MOST; i++)
		if (atomic_load(&helpers[i].pid) == cr_agent.pid &&
		    atomic_load(&helpers[i].tid) == tid)
			return true;
	return false;
}

bool agent_others_apart(void)
{
	int i, self = cr_sys0(SYS_gettid);

	for (i = 0; i < MOST; i++)
		if (atomic_load(&helpers[i].pid) == cr_agent.pid &&
		    atomic_load(&helpers[i].tid) != self)
			return true;
	return false;
}

void agent_apart_forget(int pid)
{
	int i, other;

	for (i = 0; i < MOST; i++) {
		other = atomic_load(&helpers[i].pid);
		if (other && other != pid)
			leave_place(i);
	}
}

bool agent_apart(void (*fn)(void *), void *arg, void *top)
{
	struct work work = { fn, arg, false };
	int pid = cr_sys0(SYS_getpid), tries, i;
	uint64_t all = ~0ull, mask;
	bool alone;
	long tid;

	/* An older kernel copies the table first: to close a queue is to take back its notice. */
	if (agent_notified() || would_lose_priority())
		return false;
	cr_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &all, &mask, sizeof(all));
	i = take_place(pid);
	if (i < MOST) {
		alone = agent_alone();
		tid = cr_clone_thread(HELPER, top, apart_help, &work, &helpers[i].tid);
		/*
		 * The kernel wakes us when it has left our memory, a moment before its end. Who is
		 * alone is so again, as some calls ask for that; others would lose the CPU here.
		 */
		for (tries = 0; alone && tid > 0 && tries < 10000 &&
				!cr_sys3(SYS_tgkill, pid, tid, 0); tries++)
			cr_sys0(SYS_sched_yield);
		leave_place(i);
	}
	cr_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	return work.done;
}
