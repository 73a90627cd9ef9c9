// SPDX-License-Identifier: Apache-2.0
//
// Operations that restore threads: what the kernel keeps of each, scheduling, restrictions and
// credentials.
// Runs in: a process of the restart.
#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "restart/plan.h"
#include "common/err.h"
#include "restart/plan_signals.h"
#include "restart/plan_threads.h"
#include "restart/restart.h"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_CPUID 0x1012
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

static void plan_thread_state(struct plan *n, const cairn_Thread *t)
{
	struct sched_param param = { .sched_priority = t->priority };

	/* libc's own name for the thread is what the kernel knows it by. */
	if (t->clear_child_tid)
		op(n, CR_OP_TID, CR_LABEL_THREAD, 0, t->tid, t->clear_child_tid, false, 0, 0, 0);
	if (t->amx)
		op(n, CR_OP_AMX, CR_LABEL_THREAD, 0, 0, 0, 0, 0, 0, 0);
	if (t->gs_base)
		CALL(CR_LABEL_THREAD, SYS_arch_prctl, ARCH_SET_GS, t->gs_base);
	if (t->robust_list)
		CALL(CR_LABEL_THREAD, SYS_set_robust_list, t->robust_list, t->robust_len);
	if (t->rseq)
		CALL(CR_LABEL_THREAD, SYS_rseq, t->rseq, t->rseq_len, 0, t->rseq_signature);
	CALL(CR_LABEL_THREAD, SYS_prctl, PR_SET_NAME,
	     keep(n, t->comm.bytes, sizeof(t->comm.bytes)));
	if (t->affinity.size)
		TRY(CR_LABEL_SCHEDULING, SYS_sched_setaffinity, 0, t->affinity.size,
		    keep(n, t->affinity.bytes, t->affinity.size));
	if (t->policy)
		TRY(CR_LABEL_SCHEDULING, SYS_sched_setscheduler, 0, t->policy,
		    keep(n, &param, sizeof(param)));
	TRY(CR_LABEL_SCHEDULING, SYS_setpriority, PRIO_PROCESS, 0, t->nice);
	if (t->ioprio)
		TRY(CR_LABEL_SCHEDULING, SYS_ioprio_set, 1, 0, t->ioprio);
	CALL(CR_LABEL_SCHEDULING, SYS_prctl, PR_SET_TIMERSLACK, t->timer_slack);
}

/* What prctl forbids one thread, or how it is scheduled: nothing comes after that it may forbid. */
static void plan_restrictions(struct plan *n, const cairn_Thread *t)
{
	int which;

	if (t->has_deadline) {
		struct {
			uint32_t size, policy;
			uint64_t flags;
			int32_t nice;
			uint32_t priority;
			uint64_t runtime, deadline, period;
		} a = { sizeof(a), t->policy & 0xffff,	t->deadline.flags,    0,
			0,	   t->deadline.runtime, t->deadline.deadline, t->deadline.period };

		TRY(CR_LABEL_SCHEDULING, SYS_sched_setattr, 0, keep(n, &a, sizeof(a)), 0);
	}
	if (t->mce_kill < PR_MCE_KILL_DEFAULT)
		TRY(CR_LABEL_THREAD, SYS_prctl, PR_MCE_KILL, PR_MCE_KILL_SET, t->mce_kill, 0, 0);
	for (which = 0; which < 3; which++) {
		uint32_t now = t->speculation >> 8 * which & 0xff;

		if (now & PR_SPEC_PRCTL && now & ~(PR_SPEC_PRCTL | PR_SPEC_ENABLE))
			TRY(CR_LABEL_THREAD, SYS_prctl, PR_SET_SPECULATION_CTRL, which,
			    now & ~PR_SPEC_PRCTL, 0, 0);
	}
	if (t->restrictions & CR_THREAD_IO_FLUSHER)
		TRY(CR_LABEL_THREAD, SYS_prctl, PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	if (t->restrictions & CR_THREAD_NO_CPUID)
		TRY(CR_LABEL_THREAD, SYS_arch_prctl, ARCH_SET_CPUID, 0);
	if (t->restrictions & CR_THREAD_NO_TSC)
		TRY(CR_LABEL_THREAD, SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
}

static void set_caps(struct plan *n, uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ effective, permitted, inheritable },
		{ effective >> 32, permitted >> 32, inheritable >> 32 },
	};

	CALL(CR_LABEL_CREDENTIALS, SYS_capset, keep(n, &h, sizeof(h)), keep(n, d, sizeof(d)));
}

/* Whether this process, whose owner started the restart, is the very same user already. */
static bool same_ids(const cairn_Attributes *a)
{
	gid_t groups[sizeof(a->groups.bytes) / sizeof(gid_t)];
	uid_t u[3];
	gid_t g[3];
	int n = getgroups(CR_ARRAY_SIZE(groups), groups);

	return !getresuid(&u[0], &u[1], &u[2]) && !getresgid(&g[0], &g[1], &g[2]) &&
	       !memcmp(u, a->uids, sizeof(u)) && !memcmp(g, a->gids, sizeof(g)) &&
	       a->uids[3] == u[1] && a->gids[3] == g[1] && n >= 0 &&
	       n * sizeof(gid_t) == a->groups.size &&
	       !memcmp(groups, a->groups.bytes, a->groups.size);
}

/*
 * Users and groups, for root's jobs only: a user namespace of ours has nobody else. Capabilities
 * are ours to set, not a consequence of the user's change.
 */
static void set_ids(struct plan *n)
{
	const cairn_Attributes *a = n->p->attributes.n ? n->p->attributes.v : NULL;

	if (!a || a->uids_count < 4 || a->gids_count < 4 || same_ids(a))
		return;
	TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	if (!n->groups_at)
		n->groups_at = keep(n, a->groups.bytes, a->groups.size);
	CALL(CR_LABEL_CREDENTIALS, SYS_setgroups, a->groups.size / 4, n->groups_at);
	CALL(CR_LABEL_CREDENTIALS, SYS_setresgid, a->gids[0], a->gids[1], a->gids[2]);
	CALL(CR_LABEL_CREDENTIALS, SYS_setresuid, a->uids[0], a->uids[1], a->uids[2]);
	CALL(CR_LABEL_CREDENTIALS, SYS_setfsgid, a->gids[3]);
	CALL(CR_LABEL_CREDENTIALS, SYS_setfsuid, a->uids[3]);
}

static void plan_credentials(struct plan *n, const cairn_Thread *t)
{
	const cairn_Process *p = &n->p->process;
	uint64_t inheritable, permitted, effective, ambient;
	uint32_t bits = n->p->core.securebits;
	int cap;

	/* What it had, as far as we have it; in a user namespace of ours that is worth nothing. */
	permitted = n->r->drop_caps ? 0 : p->cap_permitted & n->own.caps[1];
	effective = p->cap_effective & permitted;
	inheritable = p->cap_inheritable & (permitted | n->own.caps[0] | n->own.caps[3]);
	ambient = p->cap_ambient & permitted & inheritable;
	for (cap = 0; cap < 64; cap++)
		if (n->own.caps[3] & ~p->cap_bounding & 1ull << cap)
			TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_CAPBSET_DROP, cap);
	if (!n->r->drop_caps)
		set_ids(n);
	if (ambient) {
		set_caps(n, n->own.caps[2], n->own.caps[1], inheritable);
		for (cap = 0; cap < 64; cap++)
			if (ambient & 1ull << cap)
				TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_CAP_AMBIENT,
				    PR_CAP_AMBIENT_RAISE, cap);
	}
	TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_SECUREBITS, bits);
	if (ambient || permitted != n->own.caps[1] || effective != n->own.caps[2] ||
	    inheritable != n->own.caps[0])
		set_caps(n, effective, permitted, inheritable);
	if (n->p->core.keep_caps)
		TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_KEEPCAPS, 1);
	if (n->p->process.no_new_privs)
		CALL(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	if (t->pdeath_signal)
		CALL(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_PDEATHSIG, t->pdeath_signal);
}

/*
 * Who runs first must find the others as they were, also in what they may not do: the kernel lets
 * nobody look into a process that may do more.
 */
static void plan_resume(struct plan *n, const cairn_Thread *t, uint32_t others, bool main)
{
	plan_restrictions(n, t);
	if (main && n->p->core.locks_future)
		TRY(CR_LABEL_MEMORY, SYS_mlockall,
		    MCL_FUTURE | (n->p->core.locks_future_on_fault ? MCL_ONFAULT : 0));
	plan_credentials(n, t);
	if (main && n->p->core.memory_merge)
		TRY(CR_LABEL_MEMORY, SYS_prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
	if (main && n->p->core.mdwe)
		TRY(CR_LABEL_MEMORY, SYS_prctl, PR_SET_MDWE, n->p->core.mdwe, 0, 0, 0);
	if (main && n->p->core.dumpable != 2)
		TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_DUMPABLE, n->p->core.dumpable);
	if (main)
		cr_plan_pending(n, 0);
	cr_plan_pending(n, t->tid);
	op(n, CR_OP_READY, CR_LABEL_THREAD, 0, 0, 0, 0, 0, 0, 0);
	if (main) {
		cr_plan_stopped_children(n);
		cr_plan_start_timers(n);
	}
	op(n, CR_OP_RESUME, CR_LABEL_THREAD, 0, n->p->core.agent_resume, t->dead ? 0 : t->frame,
	   n->base, n->len, others, main);
}

size_t cr_plan_threads(struct plan *n, const cairn_Thread *main)
{
	struct cr_thread_plan *plans = calloc(n->p->threads.n, sizeof(*plans));
	size_t first = n->nops, k = 0, i;

	if (!plans)
		abort();
	/* Room for the calls first, so that the main thread's list stays in one piece. */
	for (i = 0; i + 1 < n->p->threads.n; i++)
		op(n, CR_OP_THREAD, CR_LABEL_THREAD, 0, 0, 0, 0, 0, 0, 0);
	cr_plan_timers(n);
	plan_thread_state(n, main);
	plan_resume(n, main, n->p->threads.n - 1, true);
	size_t main_ops = n->nops;

	for (i = 0; i < n->p->threads.n; i++) {
		const cairn_Thread *t = &n->p->threads.v[i];
		struct cr_thread_plan plan = { .tls = t->fs_base,
					       .child_tid = t->clear_child_tid,
					       .tid = t->tid,
					       .new_ids = n->r->objects.virtual_ids,
					       .stack = n->stacks + k * THREAD_STACK,
					       .stack_size = THREAD_STACK };

		if (t == main)
			continue;
		/* An index for now: the list moves as it grows. */
		plan.ops = n->nops;
		plan_thread_state(n, t);
		plan_resume(n, t, 0, false);
		plan.nops = n->nops - plan.ops;
		plan.ops = n->code + plan.ops * sizeof(struct cr_op);
		n->ops[first + k].arg[0] = keep(n, &plan, sizeof(plan));
		k++;
	}
	free(plans);
	return main_ops;
}
