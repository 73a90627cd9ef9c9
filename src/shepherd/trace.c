// SPDX-License-Identifier: Apache-2.0
//
// Processes that job control has stopped: their agents run under ptrace while the stop goes on
// around them, so that neither they nor their parents see a continue or another stop.
// Runs in the shepherd. Each thread is seized where it stands stopped, led into the agent's handler
// with everything else masked, led out of it again to the very registers that it had, and let go:
// the kernel puts it back into the stop. On failure threads are let go as they are, which stops
// them too, perhaps inside the agent; the next checkpoint leads them out first.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "shepherd/shepherd.h"
#include "shepherd/trace.h"

#define MASK_BYTES 8 /* the kernel's signal set */
/* How the kernel notes a call that a stop has interrupted: what a handler makes of it. */
#define RESTART_SYS (-512) /* again, if it has SA_RESTART */
#define RESTART_NO_HAND (-514) /* EINTR */
#define RESTART_BLOCK (-516) /* EINTR; else with what remains, of which the kernel has lost sight */
#define SYSCALL_CODE 0x050f
#define SYSCALL_STOP (SIGTRAP | 0x80)

static const int64_t patience_ns = 2000000000;

static struct cr_traced *traced(struct cr_process *m, pid_t tid)
{
	size_t i;

	for (i = 0; i < m->traced.n; i++)
		if (m->traced.v[i].tid == tid)
			return &m->traced.v[i];
	return NULL;
}

int cr_await_stop(pid_t tid, int64_t ns)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + ns;
	int status, spins;
	pid_t got;

	for (spins = 0; (got = waitpid(tid, &status, __WALL | WNOHANG)) == 0; spins++) {
		if (cr_now_ns(CLOCK_MONOTONIC) > end)
			return -1;
		if (spins > 20)
			usleep(50);
		else
			sched_yield();
	}
	return got == tid && WIFSTOPPED(status) ? status : -1;
}

static int await_stop(pid_t tid)
{
	return cr_await_stop(tid, patience_ns);
}

static int set_mask(pid_t tid, uint64_t mask)
{
	return ptrace(PTRACE_SETSIGMASK, tid, MASK_BYTES, &mask);
}

/* The mask that the frame of a handler puts back. */
static uint64_t swap_frame_mask(pid_t tid, uint64_t uc, uint64_t mask)
{
	uint64_t at = uc + offsetof(ucontext_t, uc_sigmask);
	uint64_t old = ptrace(PTRACE_PEEKDATA, tid, at, 0);

	ptrace(PTRACE_POKEDATA, tid, at, mask);
	return old;
}

/* Calls that end with EINTR whatever handler interrupts them: signal(7). */
static const short no_hand[] = {
	SYS_pause,	SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
	SYS_epoll_wait, SYS_epoll_pwait,   SYS_epoll_pwait2,
	SYS_poll,	SYS_ppoll,	   SYS_select,
	SYS_pselect6,	SYS_msgrcv,	   SYS_msgsnd,
	SYS_semop,	SYS_semtimedop,	   SYS_clock_nanosleep,
	SYS_nanosleep,	SYS_io_getevents,
};

/*
 * The agent puts a thread before its interrupted call. A signal that comes while it is stopped
 * there must find it inside that call.
 */
static void enter_call(pid_t tid, struct user_regs_struct *r)
{
	long code = ptrace(PTRACE_PEEKTEXT, tid, r->rip, 0);
	size_t i;

	if ((code & 0xffff) != SYSCALL_CODE || r->rax > 1000)
		return;
	r->orig_rax = r->rax;
	r->rip += 2;
	r->rax = RESTART_SYS;
	for (i = 0; i < CR_ARRAY_SIZE(no_hand); i++)
		if (no_hand[i] == (long)r->orig_rax)
			r->rax = RESTART_NO_HAND;
}

/* Whether a thread stands in the agent's code, left there by an earlier checkpoint or restart. */
static bool in_agent(struct cr_shepherd *sh, pid_t pid, const struct cr_traced *t)
{
	struct cr_maps maps = { 0 };
	bool found = false;
	size_t i;

	if (!(t->mask >> (sh->options.signal - 1) & 1) || cr_proc_maps(pid, false, &maps))
		return false;
	for (i = 0; i < maps.n && !found; i++)
		found = t->regs.rip >= maps.v[i].start && t->regs.rip < maps.v[i].end &&
			strstr(maps.v[i].path, "/libcairn.so");
	cr_maps_free(&maps);
	return found;
}

/*
 * Goes on to the next stop of one that is on its way out of the handler: lets it return from its
 * frame with all signals masked, so that it comes to rest before any code of the application's own.
 * True when it has.
 */
static bool step_out(struct cr_traced *t, int status)
{
	struct user_regs_struct r;

	if (WSTOPSIG(status) == SYSCALL_STOP && !ptrace(PTRACE_GETREGS, t->tid, 0, &r)) {
		if (t->returning) {
			if (!t->whole || (long)t->regs.rax == RESTART_BLOCK) {
				t->regs = r;
				enter_call(t->tid, &t->regs);
			}
			t->whole = true;
			ptrace(PTRACE_SETREGS, t->tid, 0, &t->regs);
			set_mask(t->tid, t->mask);
			return true;
		}
		if (r.orig_rax == SYS_rt_sigreturn) {
			t->mask = swap_frame_mask(t->tid, r.rsp, ~0ull);
			t->returning = true;
		}
	}
	ptrace(PTRACE_SYSCALL, t->tid, 0, 0);
	return false;
}

/* Leads threads out of the handler, all of them side by side as they wait for each other. */
static void lead_out(struct cr_process *m)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + patience_ns;
	size_t i, left = 0;
	int status;

	for (i = 0; i < m->traced.n; i++) {
		m->traced.v[i].returning = false;
		left += m->traced.v[i].inside;
		if (m->traced.v[i].inside)
			ptrace(PTRACE_SYSCALL, m->traced.v[i].tid, 0, 0);
	}
	while (left && cr_now_ns(CLOCK_MONOTONIC) < end) {
		for (i = 0; i < m->traced.n; i++) {
			struct cr_traced *t = &m->traced.v[i];
			pid_t got = 0;

			if (t->inside)
				got = waitpid(t->tid, &status, __WALL | WNOHANG);
			if (!got)
				continue;
			if (got < 0 || !WIFSTOPPED(status) || step_out(t, status)) {
				t->inside = false;
				left--;
			}
		}
		sched_yield();
	}
}

static bool trace_seize(struct cr_shepherd *sh, struct cr_process *m, pid_t tid)
{
	struct cr_traced *t;
	int status;

	if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD))
		return errno == ESRCH;
	t = cr_list_add(&m->traced);
	if (!t) {
		ptrace(PTRACE_DETACH, tid, 0, 0);
		return false;
	}
	t->tid = tid;
	/* One that is stopped traps at once; another is about to. */
	ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	status = await_stop(tid);
	if (status < 0 || ptrace(PTRACE_GETREGS, tid, 0, &t->regs) ||
	    ptrace(PTRACE_GETSIGMASK, tid, MASK_BYTES, &t->mask)) {
		t->gone = true;
		return true;
	}
	if (status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
		m->stop_signal = WSTOPSIG(status);
	t->held = true;
	t->inside = in_agent(sh, m->pid, t);
	return true;
}

/* Whether the signal that leads a thread into the handler has been sent to it. */
static bool is_called(struct cr_process *m, pid_t tid, uint64_t bit)
{
	cr_auto_free char *text = NULL;
	char path[64], *p;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", m->pid, tid);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0 || !(p = strstr(text, "SigPnd:\t")))
		return false;
	return strtoull(p + 8, NULL, 16) & bit;
}

/* From where it stands stopped to the first instruction of the handler, which then runs. */
static void lead_in(struct cr_shepherd *sh, struct cr_traced *t)
{
	int sig = sh->options.signal, status, tries;
	struct user_regs_struct r;

	t->held = false;
	set_mask(t->tid, ~(1ull << (sig - 1)));
	for (tries = 0; tries < 8; tries++) {
		ptrace(PTRACE_CONT, t->tid, 0, 0);
		status = await_stop(t->tid);
		if (status < 0 || (WSTOPSIG(status) == sig && !(status >> 16)))
			break;
	}
	/* A step with a signal ends where its handler begins: the frame is there. */
	if (status < 0 || tries == 8 || ptrace(PTRACE_SINGLESTEP, t->tid, 0, sig) ||
	    await_stop(t->tid) < 0 || ptrace(PTRACE_GETREGS, t->tid, 0, &r)) {
		t->gone = true;
		return;
	}
	swap_frame_mask(t->tid, r.rdx, t->mask);
	t->inside = true;
	ptrace(PTRACE_CONT, t->tid, 0, 0);
}

int cr_rouse(struct cr_shepherd *sh, struct cr_process *m, bool again, struct cr_err *err)
{
	struct cr_proc_stat stat;
	cr_pids threads = { 0 };
	bool ok = true;
	size_t i, before;

	if (m->traced.n)
		return 0;
	if (!cr_proc_stat(AT_FDCWD, m->pid, &stat))
		m->stop_seen = !stat.exit_code;
	do {
		before = m->traced.n;
		threads.n = 0;
		cr_proc_threads(AT_FDCWD, m->pid, &threads);
		for (i = 0; i < threads.n && ok; i++)
			if (!traced(m, threads.v[i]))
				ok = trace_seize(sh, m, threads.v[i]);
	} while (ok && m->traced.n > before);
	free(threads.v);
	if (!ok) {
		cr_release(m);
		return cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"process %d is stopped and cannot be looked at (is it being traced, or "
			"another user's?); let it go on (kill -CONT %d) and try again",
			m->pid, m->pid);
	}
	for (i = 0; i < m->traced.n; i++)
		m->traced.v[i].whole = !m->traced.v[i].inside;
	if (again) {
		/* Stopped on its way through the handler: on with it. */
		for (i = 0; i < m->traced.n; i++)
			if (m->traced.v[i].inside) {
				m->traced.v[i].held = false;
				ptrace(PTRACE_CONT, m->traced.v[i].tid, 0, 0);
			}
		return 0;
	}
	lead_out(m);
	return 0;
}

void cr_rouse_on(struct cr_shepherd *sh, struct cr_process *m)
{
	uint64_t bit = 1ull << (sh->options.signal - 1);
	int status;
	size_t i;

	for (i = 0; i < m->traced.n; i++) {
		struct cr_traced *t = &m->traced.v[i];

		if (t->gone)
			continue;
		if (t->held && is_called(m, t->tid, bit))
			lead_in(sh, t);
		else if (!t->held && waitpid(t->tid, &status, __WALL | WNOHANG) == t->tid &&
			 WIFSTOPPED(status))
			ptrace(PTRACE_CONT, t->tid, 0, 0);
	}
}

void cr_hold(struct cr_process *m)
{
	size_t i;

	for (i = 0; i < m->traced.n; i++) {
		struct cr_traced *t = &m->traced.v[i];

		if (t->held || t->gone)
			continue;
		ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
		t->gone = await_stop(t->tid) < 0;
	}
}

/* A thread stops again by itself, in a moment; unless somebody has just continued it. */
static void await_rest(pid_t tid)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + 50000000;
	struct cr_proc_stat st;

	while (!cr_proc_stat(AT_FDCWD, tid, &st) && st.state != 'T' && st.state != 'Z' &&
	       cr_now_ns(CLOCK_MONOTONIC) < end)
		sched_yield();
}

void cr_release(struct cr_process *m)
{
	size_t i;

	if (!m->traced.n)
		return;
	for (i = 0; i < m->traced.n; i++)
		m->traced.v[i].inside &= !m->traced.v[i].held && !m->traced.v[i].gone;
	lead_out(m);
	for (i = 0; i < m->traced.n; i++) {
		struct cr_traced *t = &m->traced.v[i];

		/* One that still runs has to stand before it can be let go. */
		if (ptrace(PTRACE_DETACH, t->tid, 0, 0) &&
		    !ptrace(PTRACE_INTERRUPT, t->tid, 0, 0)) {
			await_stop(t->tid);
			ptrace(PTRACE_DETACH, t->tid, 0, 0);
		}
	}
	for (i = 0; i < m->traced.n; i++)
		await_rest(m->traced.v[i].tid);
	m->traced.n = 0;
}
