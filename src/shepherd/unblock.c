// SPDX-License-Identifier: Apache-2.0
//
// Threads that keep the agent's signal blocked behind libc's back, such as libc's own helpers.
// Runs in the shepherd, which seizes such a thread for a moment. Invariant: no signal is lost by
// that, whichever it was about to be given, and none stays seized: what is in a call that nothing
// interrupts stops when it comes out of that, and is let go then, here while the job is being
// stopped, else by reap().
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "shepherd/shepherd.h"
#include "shepherd/trace.h"
#include "shepherd/unblock.h"

#define MASK_BYTES 8 /* the kernel's signal set */

#define MOST 256

/* Those that have been seized and have yet to stop. */
static struct seized {
	pid_t pid, tid;
	uint64_t bit; /* to be taken out of its mask then; 0: none any more */
} seized[MOST];
static size_t nseized;

bool cr_unseize(pid_t tid, int status)
{
	/* One that has stopped on its way to a handler has taken the signal already. */
	int sig = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);

	return !ptrace(PTRACE_DETACH, tid, 0, sig);
}

/* It may just have executed a program without a handler yet: then the mask protects it. */
static bool has_handler(pid_t pid, uint64_t bit)
{
	struct cr_proc_status st;

	return !cr_proc_status(AT_FDCWD, pid, &st) && st.caught & bit;
}

/* Of one that has stopped; true if its mask had the bit. */
static bool take_out(pid_t pid, pid_t tid, uint64_t bit, int status)
{
	bool removed = false;
	uint64_t mask;

	if (bit && has_handler(pid, bit) && !ptrace(PTRACE_GETSIGMASK, tid, MASK_BYTES, &mask)) {
		removed = mask & bit;
		mask &= ~bit;
		ptrace(PTRACE_SETSIGMASK, tid, MASK_BYTES, &mask);
	}
	cr_unseize(tid, status);
	return removed;
}

static bool unblock_seize(pid_t tid)
{
	if (nseized == MOST || ptrace(PTRACE_SEIZE, tid, 0, 0))
		return false;
	ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	return true;
}

bool cr_unblock(pid_t pid, pid_t tid, uint64_t bit)
{
	int status;

	if (!unblock_seize(tid))
		return false;
	status = cr_await_stop(tid, 500000000);
	if (status >= 0)
		return take_out(pid, tid, bit, status);
	seized[nseized++] = (struct seized){ pid, tid, 0 };
	return false;
}

void cr_unblock_soon(pid_t pid, pid_t tid, uint64_t bit)
{
	if (!unblock_seize(tid))
		return;
	seized[nseized++] = (struct seized){ pid, tid, bit };
	cr_unblock_on();
}

void cr_unblock_on(void)
{
	size_t i, left = 0;
	int status;

	for (i = 0; i < nseized; i++) {
		struct seized *s = &seized[i];
		pid_t got = waitpid(s->tid, &status, __WALL | WNOHANG);

		if (!got)
			seized[left++] = *s;
		else if (got == s->tid && WIFSTOPPED(status))
			take_out(s->pid, s->tid, s->bit, status);
	}
	nseized = left;
}

void cr_unblock_end(void)
{
	cr_unblock_on();
	nseized = 0;
}

bool cr_unblocking(pid_t tid)
{
	size_t i;

	for (i = 0; i < nseized && seized[i].tid != tid; i++)
		;
	return i < nseized;
}
