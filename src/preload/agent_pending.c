// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait to be delivered: the kernel shows them in full only to who takes them, so they
// are taken and put back at once, in order.
// Runs in: each stopped thread for its own; in the leading one for the process's and the main
// thread's, not before the whole job stands still: whoever still runs could send more, and these
// would come to stand before those that are put back. Invariant: all signals are blocked, so
// nothing is delivered in between.
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "preload/line.h"
#include "preload/agent_pending.h"
#include "preload/state.h"
#include "preload/agent_text.h"

/* A mask of /proc/self/task/TID/status. */
uint64_t agent_status_mask(int tid, const char *key)
{
	char path[64], buf[4096];
	const char *p;

	cr_task_path(path, tid, "status");
	if (cr_read_text(cr_agent.proc - 1, path, buf, sizeof(buf)) <= 0)
		return 0;
	p = strstr(buf, key);
	if (!p)
		return 0;
	p += strlen(key);
	return cr_get_number(&p, 16);
}

static void agent_pending_put_back(const struct agent_pending *p, int tid)
{
	const siginfo_t *info = &p->info;
	struct itimerspec it;

	/* A timer's signal is the timer's own to send, with its count of overruns. */
	if (info->si_code == SI_TIMER && !cr_sys2(SYS_timer_gettime, info->si_timerid, &it)) {
		it.it_value = (struct timespec){ 0, 1 };
		cr_sys4(SYS_timer_settime, info->si_timerid, 0, &it, NULL);
		return;
	}
	if (p->tid) {
		cr_sys4(SYS_rt_tgsigqueueinfo, cr_agent.pid, tid, info->si_signo, info);
		return;
	}
	/* Only the main thread may forge one that the kernel sent. */
	if (cr_sys3(SYS_rt_sigqueueinfo, cr_agent.pid, info->si_signo, info))
		cr_sys2(SYS_kill, cr_agent.pid, info->si_signo);
}

/* Takes one of those in the set, the lowest first; false if there is none, or no room. */
static bool agent_pending_take_one(int tid, uint64_t set, bool private)
{
	struct timespec none = { 0, 0 };
	unsigned int i = atomic_fetch_add(&cr_agent.npending, 1);
	struct agent_pending *p;
	siginfo_t info;

	/* Before it is taken, so that it is not lost. */
	if (i >= AGENT_PENDING)
		return false;
	p = &cr_agent.pending[i];
	memset(p, 0xff, sizeof(*p));
	set &= -set;
	if (cr_sys4(SYS_rt_sigtimedwait, &set, &info, &none, sizeof(set)) < 0)
		return false;
	p->tid = private ? tid : 0;
	p->info = info;
	return true;
}

static void agent_pending_take(int tid, const char *which, bool private)
{
	uint64_t set;

	do
		set = agent_status_mask(tid, which) & ~agent_signal_bit();
	while (set && agent_pending_take_one(tid, set, private));
}

/* One of the thread's is given before one of the process's that has its number. */
static void agent_pending_take_and_put_back(int tid, bool own, bool of_process)
{
	unsigned int first = agent_pending_count(), i;

	if (own)
		agent_pending_take(tid, "SigPnd:\t", true);
	if (of_process)
		agent_pending_take(tid, "ShdPnd:\t", false);
	for (i = first; i < agent_pending_count(); i++)
		if (cr_agent.pending[i].tid == tid || (of_process && !cr_agent.pending[i].tid))
			agent_pending_put_back(&cr_agent.pending[i], tid);
}

uint64_t agent_waiting(void)
{
	uint64_t pending = 0;

	cr_sys2(SYS_rt_sigpending, &pending, sizeof(pending));
	return pending & ~agent_signal_bit();
}

void agent_take_pending(void)
{
	if (agent_waiting())
		agent_pending_take_and_put_back(cr_sys0(SYS_gettid), true, false);
}

unsigned int agent_pending_count(void)
{
	unsigned int n = atomic_load(&cr_agent.npending);

	return n < AGENT_PENDING ? n : AGENT_PENDING;
}

bool agent_pending_full(void)
{
	return atomic_load(&cr_agent.npending) > AGENT_PENDING;
}

int agent_send_pending(unsigned int i)
{
	cairn_PendingSignal *m = &cr_agent.out.body.pending;
	int ret = 0;

	for (; i < agent_pending_count() && !ret; i++) {
		if (cr_agent.pending[i].tid < 0)
			continue;
		memset(&cr_agent.out, 0, sizeof(cr_agent.out));
		cr_agent.out.which_body = cairn_AgentMsg_pending_tag;
		m->pid = cr_agent.pid;
		m->tid = cr_agent.pending[i].tid;
		m->info.size = sizeof(siginfo_t);
		memcpy(m->info.bytes, &cr_agent.pending[i].info, sizeof(siginfo_t));
		ret = agent_send(NULL, 0);
	}
	return ret;
}

/* Whether a timer has sent it that was described as one that would. */
static bool has_run_out_since(const siginfo_t *info)
{
	bool waited = cr_agent.waiting >> (info->si_signo - 1) & 1;
	struct itimerspec it;

	/* Of one that fires once the description tells. */
	if (info->si_code == SI_TIMER)
		return !waited && !cr_sys2(SYS_timer_gettime, info->si_timerid, &it) &&
		       (it.it_interval.tv_sec || it.it_interval.tv_nsec);
	if (info->si_code != SI_KERNEL)
		return false;
	/* This one stands still as long as its signal waits. */
	if (info->si_signo == SIGALRM)
		return cr_agent.alarm;
	return !waited && (info->si_signo == SIGVTALRM || info->si_signo == SIGPROF);
}

/* They will do so again in a restored process. */
static void drop_late_timers(unsigned int i)
{
	for (; i < agent_pending_count(); i++)
		if (cr_agent.pending[i].tid >= 0 && has_run_out_since(&cr_agent.pending[i].info))
			cr_agent.pending[i].tid = -1;
}

int agent_tell_pending(void)
{
	unsigned int first = agent_pending_count();
	int tid = cr_sys0(SYS_gettid), ret;

	/* As another thread the main one has taken its own when it parked, and this one too. */
	agent_pending_take_and_put_back(tid, tid == cr_agent.pid, true);
	drop_late_timers(first);
	ret = agent_pending_full() ? -E2BIG : agent_send_pending(first);
	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_probed_tag;
	if (ret == -E2BIG) {
		cr_agent.out.which_body = cairn_AgentMsg_failure_tag;
		cr_agent.out.body.failure.what = cairn_StopFailure_STOP_SIGNALS;
	}
	return agent_send(NULL, 0);
}
