// SPDX-License-Identifier: Apache-2.0
//
// Threads that keep the agent's signal blocked behind libc's back, such as libc's own helpers.
// Runs in the shepherd, which seizes such a thread for a moment. Invariant: no signal is lost by
// that, whichever it was about to be given, and none stays seized.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "shepherd/shepherd.h"

#define MASK_BYTES 8 /* the kernel's signal set */

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

bool cr_unblock(pid_t pid, pid_t tid, uint64_t bit)
{
	bool removed = false;
	uint64_t mask;
	int status;

	if (ptrace(PTRACE_SEIZE, tid, 0, 0))
		return false;
	ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	status = cr_await_stop(tid, 500000000);
	/* Gone, or in a call that nothing interrupts: reap() detaches it when it comes out. */
	if (status < 0)
		return false;
	if (has_handler(pid, bit) && !ptrace(PTRACE_GETSIGMASK, tid, MASK_BYTES, &mask)) {
		removed = mask & bit;
		mask &= ~bit;
		ptrace(PTRACE_SETSIGMASK, tid, MASK_BYTES, &mask);
	}
	cr_unseize(tid, status);
	return removed;
}
