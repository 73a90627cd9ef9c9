// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait to be delivered: the kernel shows them in full only to who takes them, so they
// are taken and put back at once, in order.
// Runs in: each stopped thread for its own, in the leading one for the process's. Invariant: all
// signals are blocked, so nothing is delivered in between.
#include <stddef.h>

#include "preload/agent.h"
#include "preload/ids.h"
#include "preload/text.h"

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

static void put_back(const struct agent_pending *p, int tid)
{
	siginfo_t copy = p->info, *info = &copy;
	struct itimerspec it;

	agent_siginfo_real(info);

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

void agent_take_pending(bool of_process)
{
	struct timespec none = { 0, 0 };
	int tid = cr_sys0(SYS_gettid);
	unsigned int i;
	uint64_t pending = 0, own;
	siginfo_t info;

	cr_sys2(SYS_rt_sigpending, &pending, sizeof(pending));
	pending &= ~agent_signal_bit();
	if (!pending)
		return;
	for (;;) {
		struct agent_pending *p;
		bool private = true;

		own = agent_status_mask(tid, "SigPnd:\t") & ~agent_signal_bit();
		if (!own && of_process) {
			own = agent_status_mask(tid, "ShdPnd:\t") & ~agent_signal_bit();
			private = false;
		}
		if (!own)
			break;
		/* The lowest first, so that a thread's come before the process's of that number. */
		own &= -own;
		if (cr_sys4(SYS_rt_sigtimedwait, &own, &info, &none, sizeof(own)) < 0)
			break;
		i = atomic_fetch_add(&cr_agent.npending, 1);
		if (i >= AGENT_PENDING) {
			atomic_store(&cr_agent.npending, AGENT_PENDING);
			break;
		}
		p = &cr_agent.pending[i];
		/* As the application knows them: the ids may be others when it is put back. */
		p->tid = private ? agent_virtual(tid) : 0;
		agent_siginfo_virtual(&info);
		p->info = info;
	}
	for (i = 0; i < atomic_load(&cr_agent.npending); i++) {
		const struct agent_pending *p = &cr_agent.pending[i];

		if (p->tid == agent_virtual(tid) || (of_process && !p->tid))
			put_back(p, tid);
	}
}

/* In a restored process, by each thread: its own, and by the main one the process's. */
void agent_put_back_pending(int tid)
{
	unsigned int i;

	for (i = 0; i < atomic_load(&cr_agent.npending); i++) {
		const struct agent_pending *p = &cr_agent.pending[i];

		if (p->tid == agent_virtual(tid) || (!p->tid && tid == cr_agent.pid))
			put_back(p, tid);
	}
}
