// SPDX-License-Identifier: Apache-2.0
//
// The list of operations that turns this process into a saved one, and the jump into the restorer
// that carries it out. Everything that ordinary code can do has been done before; what is left is
// what must happen when that code is gone.
// Runs in: a process of the restart, alone in its address space. Does not return on success.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <linux/userfaultfd.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/time.h>
#include <unistd.h>

#include "arch/x86_64/call.h"
#include "arch/x86_64/rseq.h"
#include "common/agent_config.h"
#include "restart/restart.h"

#define MADV_GUARD 102
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_REQ_XCOMP_PERM 0x1023
#define AMX_TILEDATA 18
#define ARCH_SET_CPUID 0x1012
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#define THREAD_STACK 4096ul
#define ADDRESS_END 0x7ffffffff000ul
#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS 77
#endif

struct plan {
	struct cr_restart *r;
	const struct cr_process_image *p;
	struct cr_op *ops; /* all of them, main thread's first; moved into the restorer's place */
	size_t nops, room;
	char *data; /* what operations point to; addresses are those in the restorer's place */
	size_t used, data_room;
	uint64_t data_at;
	uint64_t base, len, code, stacks, page;
	int exe_fd;
	struct cr_proc_status own; /* of this process, for its capabilities */
	uint64_t groups_at; /* its supplementary groups, for all threads */
};

static struct cr_op *op(struct plan *n, enum cr_op_kind kind, enum cr_label label, uint32_t nr,
			uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	struct cr_op *o = cr_grow(&n->ops, &n->nops, &n->room, sizeof(*n->ops));

	if (!o)
		abort();
	*o = (struct cr_op){ kind, label, nr, { a, b, c, d, e, f } };
	return o;
}

#define CALL(label, nr, ...) CALL_(CR_OP_SYSCALL, label, nr, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define TRY(label, nr, ...) CALL_(CR_OP_TRY, label, nr, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(kind, label, nr, a, b, c, d, e, f, ...)                                      \
	op(n, kind, label, nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
	   (uint64_t)(e), (uint64_t)(f))

/* A copy of something, at the address that it will have. */
static uint64_t keep(struct plan *n, const void *what, size_t len)
{
	uint64_t at;

	n->used = (n->used + 15) & ~15ul;
	if (n->used + len > n->data_room)
		abort();
	memcpy(n->data + n->used, what, len);
	at = n->data_at + n->used;
	n->used += len;
	return at;
}

/* ---- address space ---- */

static void clear_layout(struct plan *n, const cr_islands *islands)
{
	struct cr_span *keep = calloc(islands->n + 1, sizeof(*keep));
	uint64_t at = 0;
	size_t count = 0, i, k;

	if (!keep)
		abort();
	keep[count++] = (struct cr_span){ n->base, n->base + n->len };
	for (i = 0; i < islands->n; i++)
		keep[count++] =
			(struct cr_span){ islands->v[i].at, islands->v[i].at + islands->v[i].len };
	/* Few enough in practice; insertion keeps it short. */
	for (i = 1; i < count; i++) {
		struct cr_span s = keep[i];

		for (k = i; k > 0 && keep[k - 1].start > s.start; k--)
			keep[k] = keep[k - 1];
		keep[k] = s;
	}
	for (i = 0; i < count; i++) {
		if (keep[i].start > at)
			CALL(CR_LABEL_LAYOUT, SYS_munmap, at, keep[i].start - at);
		at = keep[i].end;
	}
	CALL(CR_LABEL_LAYOUT, SYS_munmap, at, ADDRESS_END - at);
	free(keep);
}

static bool anonymous(const cairn_Vma *v)
{
	return v->kind == cairn_VmaKind_VMA_ANON ||
	       (v->kind == cairn_VmaKind_VMA_FILE && v->packed);
}

static void place_memory(struct plan *n, const cr_islands *islands)
{
	const struct cr_process_image *p = n->p;
	size_t i;

	/* Large mappings with little or nothing in them; their islands come on top. */
	for (i = 0; i < p->vmas.n; i++) {
		const cairn_Vma *v = &p->vmas.v[i];
		bool whole = false;

		if (!anonymous(v))
			continue;
		for (size_t k = 0; k < islands->n && !whole; k++)
			whole = islands->v[k].target == v->start &&
				islands->v[k].len == v->end - v->start;
		if (!whole)
			CALL(CR_LABEL_MEMORY, SYS_mmap, v->start, v->end - v->start, v->prot,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
				     (v->no_reserve ? MAP_NORESERVE : 0),
			     -1, 0);
	}
	for (i = 0; i < islands->n; i++) {
		const struct cr_island *s = &islands->v[i];

		CALL(CR_LABEL_MEMORY, SYS_mremap, s->at, s->len, s->len,
		     MREMAP_MAYMOVE | MREMAP_FIXED, s->target);
	}
}

static void finish_memory(struct plan *n)
{
	const struct cr_process_image *p = n->p;
	size_t i;

	for (i = 0; i < p->vmas.n; i++) {
		const cairn_Vma *v = &p->vmas.v[i];

		for (unsigned int k = 0; k < v->advice_count; k++)
			TRY(CR_LABEL_MEMORY, SYS_madvise, v->start, v->end - v->start,
			    v->advice[k]);
		if (v->locked)
			TRY(CR_LABEL_MEMORY, SYS_mlock2, v->start, v->end - v->start,
			    v->lock_on_fault ? MLOCK_ONFAULT : 0);
	}
	for (i = 0; i < p->runs.n; i++)
		if (p->runs.v[i].codec == cairn_Codec_CODEC_GUARD)
			CALL(CR_LABEL_MEMORY, SYS_madvise, p->runs.v[i].addr,
			     p->runs.v[i].pages * CR_PAGE, MADV_GUARD);
}

static size_t userfaults(const struct cr_restart *r, const struct cr_process_image *p)
{
	size_t n = 0, i;

	for (i = 0; i < r->img.uffd_ranges.n; i++)
		n += r->img.uffd_ranges.v[i].pid == p->process.pid;
	return n;
}

/* The descriptor stands at its number by now, and the memory where it belongs. */
static void plan_userfaults(struct plan *n)
{
	size_t i;

	for (i = 0; i < n->r->img.uffd_ranges.n; i++) {
		const cairn_UffdRange *r = &n->r->img.uffd_ranges.v[i];
		struct uffdio_register add = { .range = { r->start, r->end - r->start },
					       .mode = r->mode };
		struct uffdio_writeprotect protect = { .range = add.range,
						       .mode = UFFDIO_WRITEPROTECT_MODE_WP };

		if (r->pid != n->p->process.pid)
			continue;
		if (r->mode)
			CALL(CR_LABEL_MEMORY, SYS_ioctl, r->number, UFFDIO_REGISTER,
			     keep(n, &add, sizeof(add)));
		else
			CALL(CR_LABEL_MEMORY, SYS_ioctl, r->number, UFFDIO_WRITEPROTECT,
			     keep(n, &protect, sizeof(protect)));
	}
}

static const cairn_Vma *special(const struct cr_process_image *p, cairn_VmaKind kind)
{
	size_t i;

	for (i = 0; i < p->vmas.n; i++)
		if (p->vmas.v[i].kind == kind)
			return &p->vmas.v[i];
	return NULL;
}

/* The live vdso to the saved place; or, if it is another kernel's, the old bytes there. */
static int plan_vdso(struct plan *n, struct cr_layout *l, uint64_t target[3], cr_islands *islands,
		     struct cr_err *err)
{
	static const cairn_VmaKind kinds[] = { cairn_VmaKind_VMA_VDSO, cairn_VmaKind_VMA_VVAR,
					       cairn_VmaKind_VMA_VVAR_VCLOCK };
	const cairn_Vma *v = special(n->p, cairn_VmaKind_VMA_VDSO);
	size_t live_len = l->vdso[0].end - l->vdso[0].start;
	uint64_t lowest = UINT64_MAX, highest = 0, room;
	cr_auto_free void *saved = NULL;
	bool same = true;
	struct cr_island *is;
	int i, ret;

	if (!v || !l->vdso[0].start)
		return 0;
	ret = cr_vdso_read(n->r, n->p, v, &saved, err);
	if (ret)
		return ret;
	for (i = 0; i < 3; i++) {
		const cairn_Vma *s = special(n->p, kinds[i]);

		if (l->vdso[i].start && l->vdso[i].start < lowest)
			lowest = l->vdso[i].start;
		if (l->vdso[i].end > highest)
			highest = l->vdso[i].end;
		same &= !s == !l->vdso[i].start &&
			(!s || s->end - s->start == l->vdso[i].end - l->vdso[i].start);
		target[i] = s ? s->start : 0;
	}
	if (same && !memcmp(saved, (void *)l->vdso[0].start, live_len))
		return 0;
	room = cr_layout_find(l, highest - lowest, 0);
	if (!room)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "no room for the vdso");
	for (i = 0; i < 3; i++)
		target[i] = room + (l->vdso[i].start - lowest);
	if (!cr_vdso_patch(saved, v->end - v->start, (void *)l->vdso[0].start, live_len, target[0]))
		return cr_fail(
			err, CR_EXIT_CPU, 0,
			"the job comes from another kernel whose vdso cannot be replaced here");
	is = cr_list_add(islands);
	if (!is)
		return -ENOMEM;
	*is = (struct cr_island){ .target = v->start, .len = v->end - v->start, .vma = v };
	is->at = cr_layout_find(l, is->len, is->target);
	if (!is->at || mmap((void *)is->at, is->len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "no room for the vdso");
	memcpy((void *)is->at, saved, is->len);
	mprotect((void *)is->at, is->len, PROT_READ | PROT_EXEC);
	return 0;
}

/* Parked inside the restorer's place while everything else is unmapped, then put down. */
static void move_vdso(struct plan *n, const struct cr_layout *l, const uint64_t target[3],
		      uint64_t park, bool down)
{
	int i;

	for (i = 0; i < 3; i++) {
		uint64_t len = l->vdso[i].end - l->vdso[i].start;

		if (!len)
			continue;
		if (down && target[i])
			CALL(CR_LABEL_VDSO, SYS_mremap, park, len, len,
			     MREMAP_MAYMOVE | MREMAP_FIXED, target[i]);
		else if (!down)
			CALL(CR_LABEL_VDSO, SYS_mremap, l->vdso[i].start, len, len,
			     MREMAP_MAYMOVE | MREMAP_FIXED, park);
		park += len;
	}
}

static void plan_mm(struct plan *n)
{
	const cairn_Process *p = &n->p->process;
	struct prctl_mm_map m = {
		.start_code = p->start_code,
		.end_code = p->end_code,
		.start_data = p->start_data,
		.end_data = p->end_data,
		.start_brk = p->start_brk,
		.brk = n->p->core.brk,
		.start_stack = p->start_stack,
		.arg_start = p->arg_start,
		.arg_end = p->arg_end,
		.env_start = p->env_start,
		.env_end = p->env_end,
		.exe_fd = n->exe_fd,
		.auxv_size = p->auxv.size,
	};

	if (p->auxv.size)
		m.auxv = (void *)keep(n, p->auxv.bytes, p->auxv.size);
	/* Only with privilege over our namespace may the executable be another. */
	if (n->r->objects.virtual_ids) {
		TRY(CR_LABEL_MM, SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, keep(n, &m, sizeof(m)),
		    sizeof(m), 0);
		m.exe_fd = -1;
	}
	CALL(CR_LABEL_MM, SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, keep(n, &m, sizeof(m)), sizeof(m),
	     0);
	TRY(CR_LABEL_MM, SYS_close, n->exe_fd);
}

/* ---- the process ---- */

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

static void plan_signals(struct plan *n)
{
	unsigned int i;

	/* That a child of ours stops once more is no news: see plan_stopped_children(). */
	for (i = 0; i < n->p->core.actions_count; i++)
		plan_action(n, i, i + 1 == SIGCHLD ? SA_NOCLDSTOP : 0);
}

/*
 * Children that were stopped stop again before this process goes on, and it waits for that if it
 * had done so already.
 */
static void plan_stopped_children(struct plan *n)
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

static void make_timers(struct plan *n)
{
	bool exact = !prctl(PR_TIMER_CREATE_RESTORE_IDS, 2, 0, 0, 0) || errno != EINVAL;
	int32_t next = 0, scratch;
	size_t i;

	if (n->p->timers.n && exact)
		TRY(CR_LABEL_TIMER, SYS_prctl, PR_TIMER_CREATE_RESTORE_IDS, 1);
	for (i = 0; i < n->p->timers.n; i++) {
		const cairn_PosixTimer *t = &n->p->timers.v[i];
		struct sigevent e = { .sigev_value = { .sival_ptr = (void *)t->value },
				      .sigev_signo = t->signal,
				      .sigev_notify = t->notify };
		uint64_t event;

		e._sigev_un._tid = t->tid;
		event = keep(n, &e, sizeof(e));
		if (t->notify & SIGEV_THREAD_ID)
			op(n, CR_OP_TID, CR_LABEL_TIMER, 0, t->tid,
			   event + offsetof(struct sigevent, _sigev_un._tid), true, 0, 0, 0);
		/* Older kernels count ids up: make and unmake those in between. */
		for (; !exact && next < t->id && next < 100000; next++) {
			scratch = 0;
			CALL(CR_LABEL_TIMER, SYS_timer_create, CLOCK_MONOTONIC, 0,
			     keep(n, &scratch, sizeof(scratch)));
			CALL(CR_LABEL_TIMER, SYS_timer_delete, next);
		}
		next = t->id + 1;
		scratch = t->id;
		CALL(CR_LABEL_TIMER, SYS_timer_create, t->clock, event,
		     keep(n, &scratch, sizeof(scratch)));
	}
	if (n->p->timers.n && exact)
		TRY(CR_LABEL_TIMER, SYS_prctl, PR_TIMER_CREATE_RESTORE_IDS, 0);
}

static void start_timers(struct plan *n)
{
	const cairn_ProcessCore *core = &n->p->core;
	size_t i;

	for (i = 0; i < n->p->timers.n; i++) {
		const cairn_PosixTimer *t = &n->p->timers.v[i];
		struct itimerspec s = spec(t->value_ns, t->interval_ns);

		if (t->value_ns)
			CALL(CR_LABEL_TIMER, SYS_timer_settime, t->id, 0, keep(n, &s, sizeof(s)),
			     0);
	}
	for (i = 0; i < core->itimers_count; i++) {
		int64_t value = core->itimers[i].value_ns / 1000;
		int64_t interval = core->itimers[i].interval_ns / 1000;
		struct itimerval v = { { interval / 1000000, interval % 1000000 },
				       { value / 1000000, value % 1000000 } };

		if (value)
			CALL(CR_LABEL_TIMER, SYS_setitimer, i, keep(n, &v, sizeof(v)), 0);
	}
}

/* ---- threads ---- */

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
		TRY(CR_LABEL_MEMORY, SYS_mlockall, MCL_FUTURE);
	plan_credentials(n, t);
	if (main && n->p->core.memory_merge)
		TRY(CR_LABEL_MEMORY, SYS_prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
	if (main && n->p->core.mdwe)
		TRY(CR_LABEL_MEMORY, SYS_prctl, PR_SET_MDWE, n->p->core.mdwe, 0, 0, 0);
	if (main && n->p->core.dumpable != 2)
		TRY(CR_LABEL_CREDENTIALS, SYS_prctl, PR_SET_DUMPABLE, n->p->core.dumpable);
	op(n, CR_OP_READY, CR_LABEL_THREAD, 0, 0, 0, 0, 0, 0, 0);
	if (main) {
		plan_stopped_children(n);
		start_timers(n);
	}
	op(n, CR_OP_RESUME, CR_LABEL_THREAD, 0, n->p->core.agent_resume, t->dead ? 0 : t->frame,
	   n->base, n->len, others, main);
}

static size_t plan_other_threads(struct plan *n, const cairn_Thread *main)
{
	struct cr_thread_plan *plans = calloc(n->p->threads.n, sizeof(*plans));
	size_t first = n->nops, k = 0, i;

	if (!plans)
		abort();
	/* Room for the calls first, so that the main thread's list stays in one piece. */
	for (i = 0; i + 1 < n->p->threads.n; i++)
		op(n, CR_OP_THREAD, CR_LABEL_THREAD, 0, 0, 0, 0, 0, 0, 0);
	make_timers(n);
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

/* ---- putting it together ---- */

/* For PR_SET_MM. check.c has decided whether the job may do without. */
static void open_exe(struct cr_restart *r, const struct cr_process_image *p, struct plan *n)
{
	int exe = open(p->process.exe, O_RDONLY | O_CLOEXEC);
	n->exe_fd = exe < 0 ? -1 : fcntl(exe, F_DUPFD_CLOEXEC, r->objects.base);
	close(exe);
}

/*
 * The job's descriptors to their numbers, and none of ours left. Of those that share a table the
 * first one of each does it, when all have what they need of ours.
 */
static int place_fds(struct cr_restart *r, const struct cr_process_image *p, struct plan *n,
		     struct cr_err *err)
{
	bool shares = cr_shares_files(r, p);
	size_t i, k;
	int d, fd, ret;

	if (shares) {
		cr_stage_arrive(r, CR_STAGE_BUILT);
		cr_stage_await(r, p->process.shares_files ? CR_STAGE_PLACED : CR_STAGE_BUILT);
	}
	open_exe(r, p, n);
	if (p->process.shares_files)
		return 0;
	/* Nothing below the base belongs to the job yet. */
	syscall(SYS_close_range, 0, r->objects.base - 1, 0);
	for (i = 0; i < p->fds.n; i++) {
		const cairn_FdEntry *e = &p->fds.v[i];

		for (k = 0; k < e->fds_count; k++) {
			d = cr_description_index(&r->img, e->descriptions[k]);
			fd = cr_object_take(&r->objects, d, err);
			if (fd < 0)
				return fd;
			if (dup3(fd, e->fds[k], e->cloexec[k] ? O_CLOEXEC : 0) < 0)
				return cr_fail(err, CR_EXIT_INTERNAL, errno, "fd %d of process %d",
					       e->fds[k], p->process.pid);
		}
	}
	ret = cr_objects_settle(&r->objects, p, err);
	if (ret)
		return ret;
	if (n->exe_fd >= 0)
		syscall(SYS_close_range, r->objects.base, n->exe_fd - 1, 0);
	syscall(SYS_close_range, n->exe_fd >= 0 ? n->exe_fd + 1 : r->objects.base,
		r->objects.end - 1, 0);
	if (shares)
		cr_stage_arrive(r, CR_STAGE_PLACED);
	/* Last: closing any descriptor of a file gives up the process's locks on it. */
	return cr_locks_of_process(&r->img, p, err);
}

/* The agent's way to the shepherd is another now: write it where the agent has it. */
static int patch_agent(struct cr_restart *r, const struct cr_process_image *p,
		       const cr_islands *islands, struct cr_err *err)
{
	uint64_t at = p->core.agent_config;
	struct cr_agent_config *config;
	size_t i;

	for (i = 0; i < islands->n; i++) {
		const struct cr_island *s = &islands->v[i];

		if (at < s->target || at + sizeof(*config) > s->target + s->len)
			continue;
		config = (void *)(s->at + (at - s->target));
		if (config->version != CR_AGENT_VERSION)
			break;
		snprintf(config->socket, sizeof(config->socket), "%s", r->sh->agent_socket);
		/* Its parent sees the signal only if it has not looked yet. */
		config->stop = p->process.stop_signal;
		if (config->stop && p->process.stop_seen)
			config->stop = SIGSTOP;
		return 0;
	}
	return cr_fail(err, CR_EXIT_DAMAGED, 0,
		       "process %d of the image has no agent of version %u", p->process.pid,
		       CR_AGENT_VERSION);
}

static void write_proc(const cairn_Process *p, const cairn_Attributes *a)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", p->oom_score_adj);
	cr_write_file("/proc/self/oom_score_adj", text);
	if (a && a->coredump_filter) {
		snprintf(text, sizeof(text), "0x%x", a->coredump_filter);
		cr_write_file("/proc/self/coredump_filter", text);
	}
	if (a && a->autogroup_nice) {
		snprintf(text, sizeof(text), "%d", a->autogroup_nice);
		cr_write_file("/proc/self/autogroup", text);
	}
}

static int set_directory(struct cr_restart *r, const cairn_Process *m, struct cr_err *err)
{
	int i = m->cwd_deleted ? cr_inode_index(&r->img, m->cwd_dev, m->cwd_inode) : -1;

	if (i >= 0 ? fchdir(r->objects.inode_fd[i]) : chdir(m->cwd))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "the working directory %s of process %d is missing", m->cwd, m->pid);
	return 0;
}

/* Attributes that ordinary code can set and that outlive it. */
static int set_attributes(const struct cr_process_image *p, struct cr_err *err)
{
	const cairn_Process *m = &p->process;
	unsigned int i;

	umask(m->umask);
	write_proc(m, p->attributes.n ? p->attributes.v : NULL);
	syscall(SYS_personality, p->core.personality);
	if (p->core.child_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (p->core.thp_disable)
		prctl(PR_SET_THP_DISABLE, 1, p->core.thp_disable & ~1, 0, 0);
	for (i = 0; i < 31; i++)
		if (p->core.membarrier >> i & 1)
			syscall(SYS_membarrier, 1u << i, 0, 0);
	for (i = 0; i < m->limits_count; i++) {
		struct rlimit limit = { m->limits[i].soft, m->limits[i].hard }, now;

		/* A hard limit cannot be raised without privilege: keep what there is. */
		if (!setrlimit(i, &limit) || getrlimit(i, &now))
			continue;
		limit.rlim_max = now.rlim_max < limit.rlim_max ? now.rlim_max : limit.rlim_max;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		setrlimit(i, &limit);
	}
	return 0;
}

/* Last, since from then on there is no /proc. The working directory stays outside if it was. */
static int set_root(const struct cr_restart *r, const cairn_Process *m, struct cr_err *err)
{
	if (!m->root[0] || !strcmp(m->root, "/") || !chroot(m->root))
		return 0;
	return cr_fail(err, errno == EPERM ? CR_EXIT_NAMESPACE : CR_EXIT_CHANGED, errno,
		       "process %d cannot have its root directory %s%s", m->pid, m->root,
		       r->objects.virtual_ids ? " (without namespaces only root can)" : "");
}

static const cairn_Thread *main_thread(const struct cr_process_image *p)
{
	size_t i;

	for (i = 0; i < p->threads.n; i++)
		if (p->threads.v[i].tid == p->process.pid)
			return &p->threads.v[i];
	return NULL;
}

static size_t data_needed(const struct cr_restart *r, const struct cr_process_image *p)
{
	return 64 * 64 + p->threads.n * 2048 + p->timers.n * 256 + userfaults(r, p) * 64 +
	       r->img.processes.n * 288 + 8192;
}

/* Operations cannot be counted before they are made: an upper bound. */
static size_t ops_needed(const struct plan *n, const cr_islands *islands)
{
	const struct cr_process_image *p = n->p;
	size_t timer_ids = 0, i;

	for (i = 0; i < p->timers.n; i++)
		if ((size_t)p->timers.v[i].id < 100000 && (size_t)p->timers.v[i].id > timer_ids)
			timer_ids = p->timers.v[i].id;
	return 256 + islands->n * 2 + p->vmas.n * 10 + p->runs.n + p->threads.n * 200 +
	       p->timers.n * 5 + timer_ids * 2 + n->r->img.processes.n * 2 + userfaults(n->r, p) +
	       2;
}

static int make_place(struct plan *n, struct cr_layout *l, const cr_islands *islands,
		      uint64_t *park, struct cr_err *err)
{
	size_t code = CR_PAGE_UP(cr_restorer_end - cr_restorer_start);
	size_t ops = CR_PAGE_UP(ops_needed(n, islands) * sizeof(struct cr_op));
	size_t data, stacks = (n->p->threads.n + 4) * THREAD_STACK, vdso = 0;
	size_t room = n->r->page_room;
	void *page = n->r->page;
	char *p;
	int i;

	n->data_room = data_needed(n->r, n->p) + ops_needed(n, islands) * 8;
	data = CR_PAGE_UP(n->data_room);
	for (i = 0; i < 3; i++)
		vdso += l->vdso[i].end - l->vdso[i].start;
	n->len = room + code + ops + data + stacks + CR_PAGE_UP(vdso) + CR_PATH_MAX;
	n->base = cr_layout_find(l, n->len, 0);
	if (!n->base)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "no room for the restorer");
	p = mmap((void *)n->base, n->len, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot map the restorer");
	page = mremap(n->r->page, room, room, MREMAP_MAYMOVE | MREMAP_FIXED, p);
	if (page == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot move the control page");
	n->r->page = page;
	n->r->ids = (void *)((char *)page + CR_PAGE);
	n->r->objects.ids = n->r->ids;
	n->r->objects.addresses = (void *)((char *)n->r->ids + CR_PAGE_UP(sizeof(struct cr_ids)));
	n->page = n->base;
	memcpy(p + room, cr_restorer_start, cr_restorer_end - cr_restorer_start);
	n->code = n->base + room + code; /* where the operations are */
	n->data_at = n->code + ops;
	n->data = (char *)n->data_at;
	n->stacks = n->data_at + data;
	*park = n->stacks + stacks;
	/* At the very end: what the kernel will not be told. */
	if (n->r->objects.virtual_ids)
		snprintf((char *)n->base + n->len - CR_PATH_MAX, CR_PATH_MAX, "%s",
			 n->p->process.exe);
	return 0;
}

static void leave(struct plan *n, size_t main_ops)
{
	struct cr_restorer_args args = { .page = n->page,
					 .ids = (uintptr_t)n->r->ids,
					 .ops = n->code,
					 .nops = main_ops,
					 .pid = n->p->process.pid };
	void (*entry)(void *) = (void *)(n->base + n->r->page_room +
					 ((const char *)cr_restorer - cr_restorer_start));
	uint64_t at = keep(n, &args, sizeof(args));
	sigset_t all;

	memcpy((void *)n->code, n->ops, n->nops * sizeof(*n->ops));
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* The kernel would go on writing into an area that is about to be another's. */
	if (&__rseq_size && __rseq_size)
		syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, CR_RSEQ_SIZE,
			RSEQ_UNREGISTER, CR_RSEQ_SIGNATURE);
	cr_call_on_stack((void *)(n->stacks + (n->p->threads.n + 4) * THREAD_STACK), entry,
			 (void *)at);
}

int cr_become(struct cr_restart *r, const struct cr_process_image *p, struct cr_err *err)
{
	struct plan plan = { .r = r, .p = p }, *n = &plan;
	const cairn_Thread *main = main_thread(p);
	uint64_t park = 0, target[3] = { 0 };
	cr_islands islands = { 0 };
	struct cr_layout l;
	size_t main_ops;
	bool faults = userfaults(r, p);
	int ret;

	if (!main)
		return cr_fail(err, CR_EXIT_DAMAGED, 0,
			       "process %d of the image has no main thread", p->process.pid);
	ret = cr_proc_status(AT_FDCWD, getpid(), &n->own);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot read /proc/%d/status",
			       getpid());
	if (cr_layout_read(&l, p))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading /proc/self/maps");
	ret = cr_hostname_enter(r, &p->process, err);
	/* A huge page would bring neighbours along that shall be missing. */
	if (faults)
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (!ret)
		ret = cr_memory_build(r, p, &l, &islands, err);
	if (faults)
		prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	if (!ret)
		ret = plan_vdso(n, &l, target, &islands, err);
	if (!ret)
		ret = patch_agent(r, p, &islands, err);
	if (!ret)
		ret = make_place(n, &l, &islands, &park, err);
	if (!ret)
		ret = set_directory(r, &p->process, err);
	/* The saved limit on descriptors may be lower than their numbers. */
	if (!ret)
		ret = place_fds(r, p, n, err);
	if (!ret)
		ret = cr_semaphores_of_process(&r->objects, p, err);
	if (!ret)
		ret = cr_mqueues_of_process(&r->objects, p, err);
	if (!ret)
		ret = set_attributes(p, err);
	if (ret)
		return ret;
	move_vdso(n, &l, target, park, false);
	clear_layout(n, &islands);
	move_vdso(n, &l, target, park, true);
	place_memory(n, &islands);
	finish_memory(n);
	plan_userfaults(n);
	plan_mm(n);
	plan_signals(n);
	if (p->core.xcomp_permitted >> AMX_TILEDATA & 1)
		CALL(CR_LABEL_THREAD, SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, AMX_TILEDATA);
	CALL(CR_LABEL_THREAD, SYS_set_tid_address, main->clear_child_tid);
	CALL(CR_LABEL_THREAD, SYS_arch_prctl, ARCH_SET_FS, main->fs_base);
	main_ops = plan_other_threads(n, main);
	if (n->nops > ops_needed(n, &islands))
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "%zu operations, expected %zu at most",
			       n->nops, ops_needed(n, &islands));
	ret = set_root(r, &p->process, err);
	if (ret)
		return ret;
	leave(n, main_ops);
	return cr_fail(err, CR_EXIT_INTERNAL, 0, "the restorer came back");
}
