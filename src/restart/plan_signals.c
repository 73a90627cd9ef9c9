// SPDX-License-Identifier: Apache-2.0
//
// Operations that restore what a process does on signals, its timers, and the signals that wait.
// Runs in: a process of the restart.
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "common/err.h"
#include "common/siginfo.h"
#include "restart/restart.h"
#include "restart/restart_ids.h"
#include "restart/plan.h"
#include "restart/plan_signals.h"

#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS 77
#endif

static bool is_stopped_child(const struct plan *n, size_t i)
{
	const cairn_Process *p = &n->r->img.processes.v[i].process;

	return p->ppid == n->p->process.pid && p->stop_signal;
}

static void plan_action(struct plan *n, unsigned int i, uint64_t more_flags)
{
	const cairn_SignalAction *s = &n->p->core.actions[i];
	struct {
		uint64_t handler, flags, restorer, mask;
	} a = { s->handler, s->flags | more_flags, s->restorer, s->mask };

	if (i + 1 != SIGKILL && i + 1 != SIGSTOP)
		CALL(CR_LABEL_SIGNALS, SYS_rt_sigaction, i + 1, keep(n, &a, sizeof(a)), 0, 8);
}

void cr_plan_signals(struct plan *n)
{
	unsigned int i;

	/* That a child of ours stops once more is no news: see cr_plan_stopped_children(). */
	for (i = 0; i < n->p->core.actions_count; i++)
		plan_action(n, i, i + 1 == SIGCHLD ? SA_NOCLDSTOP : 0);
}

/*
 * Children that were stopped stop again before this process goes on, and it waits for that if it
 * had done so already.
 */
void cr_plan_stopped_children(struct plan *n)
{
	siginfo_t info = { 0 };
	size_t i;

	for (i = 0; i < n->r->img.processes.n; i++) {
		const cairn_Process *p = &n->r->img.processes.v[i].process;

		if (!is_stopped_child(n, i))
			continue;
		TRY(CR_LABEL_SIGNALS, SYS_waitid, P_PID, cr_real(n->r, p->pid),
		    keep(n, &info, sizeof(info)), WSTOPPED | WEXITED | WNOWAIT, 0);
		if (p->stop_seen)
			TRY(CR_LABEL_SIGNALS, SYS_waitid, P_PID, cr_real(n->r, p->pid),
			    keep(n, &info, sizeof(info)), WSTOPPED | WNOHANG, 0);
	}
	if (n->p->core.actions_count >= SIGCHLD)
		plan_action(n, SIGCHLD - 1, 0);
}

static struct itimerspec spec(int64_t value, int64_t interval)
{
	return (struct itimerspec){ { interval / 1000000000, interval % 1000000000 },
				    { value / 1000000000, value % 1000000000 } };
}

static int by_timer_id(const void *a, const void *b)
{
	const cairn_PosixTimer *x = *(const cairn_PosixTimer *const *)a;
	const cairn_PosixTimer *y = *(const cairn_PosixTimer *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void plan_timer(struct plan *n, const cairn_PosixTimer *t)
{
	struct sigevent e = { .sigev_value = { .sival_ptr = (void *)t->value },
			      .sigev_signo = t->signal,
			      .sigev_notify = t->notify };
	int32_t id = t->id;
	uint64_t event;

	e._sigev_un._tid = t->tid;
	event = keep(n, &e, sizeof(e));
	if (t->notify & SIGEV_THREAD_ID)
		op(n, CR_OP_TID, CR_LABEL_TIMER, 0, t->tid,
		   event + offsetof(struct sigevent, _sigev_un._tid), true, 0, 0, 0);
	op(n, CR_OP_TIMER, CR_LABEL_TIMER, SYS_timer_create, t->clock, event,
	   keep(n, &id, sizeof(id)), 0, 0, 0);
}

void cr_plan_timers(struct plan *n)
{
	const cairn_PosixTimer **sorted = calloc(n->p->timers.n + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		abort();
	for (i = 0; i < n->p->timers.n; i++)
		sorted[i] = &n->p->timers.v[i];
	/* A kernel that cannot be told ids only counts them up. */
	qsort(sorted, n->p->timers.n, sizeof(*sorted), by_timer_id);
	if (n->p->timers.n)
		TRY(CR_LABEL_TIMER, SYS_prctl, PR_TIMER_CREATE_RESTORE_IDS, 1);
	for (i = 0; i < n->p->timers.n; i++)
		plan_timer(n, sorted[i]);
	if (n->p->timers.n)
		TRY(CR_LABEL_TIMER, SYS_prctl, PR_TIMER_CREATE_RESTORE_IDS, 0);
	free(sorted);
}

/* Whether a timer's signal waits, and did when the timer was described, if it fires only once. */
static bool has_fired(const struct plan *n, const cairn_PosixTimer *t)
{
	size_t i;

	for (i = 0; i < n->p->pending.n; i++) {
		siginfo_t info = cr_pending_info(&n->p->pending.v[i]);

		if (info.si_code == SI_TIMER && info.si_timerid == t->id)
			return t->interval_ns || !t->value_ns;
	}
	return false;
}

static bool is_timers(const struct plan *n, const siginfo_t *info)
{
	size_t i;

	for (i = 0; i < n->p->timers.n && info->si_code == SI_TIMER; i++)
		if (n->p->timers.v[i].id == info->si_timerid)
			return true;
	return false;
}

void cr_plan_pending(struct plan *n, int32_t tid)
{
	size_t i;

	for (i = 0; i < n->p->pending.n; i++) {
		siginfo_t info = cr_pending_info(&n->p->pending.v[i]);

		if (n->p->pending.v[i].tid != tid || is_timers(n, &info))
			continue;
		if (cr_has_sender(&info))
			info.si_pid = cr_real(n->r, info.si_pid);
		op(n, CR_OP_SIGNAL, CR_LABEL_SIGNALS, 0, keep(n, &info, sizeof(info)), tid, 0, 0, 0,
		   0);
	}
}

void cr_plan_start_timers(struct plan *n)
{
	const cairn_ProcessCore *core = &n->p->core;
	size_t i;

	for (i = 0; i < n->p->timers.n; i++) {
		const cairn_PosixTimer *t = &n->p->timers.v[i];
		struct itimerspec s = spec(has_fired(n, t) ? 1 : t->value_ns, t->interval_ns);

		if (s.it_value.tv_sec || s.it_value.tv_nsec)
			CALL(CR_LABEL_TIMER, SYS_timer_settime, t->id, 0, keep(n, &s, sizeof(s)),
			     0);
	}
	for (i = 0; i < core->itimers_count; i++) {
		int64_t value = core->itimers[i].value_ns / 1000;
		int64_t interval = core->itimers[i].interval_ns / 1000;
		struct itimerval v = { .it_interval = { interval / 1000000, interval % 1000000 } };

		/* While its signal waits, it stands still; and would not go on from zero. */
		if (i == ITIMER_REAL && !value)
			value = interval;
		v.it_value = (struct timeval){ value / 1000000, value % 1000000 };
		if (value)
			CALL(CR_LABEL_TIMER, SYS_setitimer, i, keep(n, &v, sizeof(v)), 0);
	}
}
