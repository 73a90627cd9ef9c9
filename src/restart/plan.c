// SPDX-License-Identifier: Apache-2.0
//
// The list of operations that turns this process into a saved one, and the jump into the restorer
// that carries it out. Everything that ordinary code can do has been done before; what is left is
// what must happen when that code is gone.
// Runs in: a process of the restart, alone in its address space. Does not return on success.
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/x86_64/call.h"
#include "arch/x86_64/keys.h"
#include "arch/x86_64/rseq.h"
#include "common/agent_config.h"
#include "common/err.h"
#include "objects/core/index.h"
#include "objects/core/registry.h"
#include "objects/core/rights.h"
#include "objects/core/standard.h"
#include "objects/file/lock.h"
#include "objects/file/namespace.h"
#include "objects/file/regular.h"
#include "objects/ipc/mqueue.h"
#include "objects/ipc/shared_memory.h"
#include "objects/ipc/sysv_sem.h"
#include "restart/restart.h"
#include "restart/working_directory.h"
#include "restart/failure.h"
#include "restart/restart_keys.h"
#include "restart/layout.h"
#include "restart/restart_memory.h"
#include "restart/restart_pids.h"
#include "restart/plan.h"
#include "restart/plan_signals.h"
#include "restart/plan_threads.h"
#include "restart/restart_tree.h"
#include "restart/vdso.h"
#include "shepherd/shepherd.h"

#define MADV_GUARD 102
#define ARCH_SET_FS 0x1002
#define ARCH_REQ_XCOMP_PERM 0x1023
#define AMX_TILEDATA 18
#define ADDRESS_END 0x7ffffffff000ul

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

static bool plan_anonymous(const cairn_Vma *v)
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

		if (!plan_anonymous(v))
			continue;
		for (size_t k = 0; k < islands->n && !whole; k++)
			whole = islands->v[k].target == v->start &&
				islands->v[k].len == v->end - v->start;
		if (!whole)
			CALL(CR_LABEL_MEMORY, SYS_mmap, v->start, v->end - v->start, v->prot,
			     (v->droppable ? cr_map_flags(v) : MAP_PRIVATE) |
				     MAP_ANONYMOUS | MAP_FIXED |
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

/* Last of all, since from then on the memory may be out of reach. */
static void give_keys(struct plan *n)
{
	const struct cr_process_image *p = n->p;
	size_t i;

	for (i = 0; i < p->vmas.n; i++) {
		const cairn_Vma *v = &p->vmas.v[i];

		if (v->key && cr_keys_given(p, v))
			CALL(CR_LABEL_MEMORY, SYS_pkey_mprotect, v->start, v->end - v->start,
			     v->prot, v->key);
	}
	for (i = 1; i < CR_KEYS; i++)
		if (!(p->core.keys >> i & 1))
			TRY(CR_LABEL_MEMORY, SYS_pkey_free, i);
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

/* ---- putting it together ---- */

/* For PR_SET_MM. check.c has decided whether the job may do without. */
static void open_exe(struct cr_restart *r, const struct cr_process_image *p, struct plan *n)
{
	const cairn_Process *m = &p->process;
	int exe = -1, i;

	if (m->exe_object && (i = cr_shared_index(&r->img, m->exe_object)) >= 0)
		exe = cr_reach_again(r->objects.shared_fd[i], NULL, O_RDONLY);
	else if (m->exe_deleted && (i = cr_inode_index(&r->img, m->exe_dev, m->exe_inode)) >= 0)
		exe = cr_inode_open(&r->objects, i, O_RDONLY);
	else if (!m->exe_deleted)
		exe = cr_reach_open(m->exe, O_RDONLY, S_IFREG);
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

	cr_progress_of(r, p)->label = CR_LABEL_FILES;
	ret = cr_locks_by_process(&r->objects, p->process.pid, err);
	if (ret)
		return ret;
	if (shares) {
		cr_rendezvous_arrive(r, CR_AT_BUILT);
		cr_rendezvous_await(r, p->process.shares_files ? CR_AT_PLACED : CR_AT_BUILT);
	}
	open_exe(r, p, n);
	if (p->process.shares_files)
		return cr_locks_of_process(&r->img, p, err);
	/* Nothing below the base belongs to the job yet. */
	syscall(SYS_close_range, 0, r->objects.base - 1, 0);
	for (i = 0; i < p->fds.n; i++) {
		const cairn_FdEntry *e = &p->fds.v[i];

		for (k = 0; k < e->fds_count; k++) {
			d = cr_description_index(&r->img, e->descriptions[k]);
			fd = cr_object_take(&r->objects, d, err);
			if (fd < 0)
				return fd;
			fd = cr_standard_fd(&r->objects, &r->img.descriptions.v[d], e->fds[k], fd);
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
		cr_rendezvous_arrive(r, CR_AT_PLACED);
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

/* Attributes that ordinary code can set and that outlive it. */
static void plan_set_attributes(const struct cr_restart *r, const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	unsigned int i;

	cr_progress_of(r, p)->label = CR_LABEL_ATTRIBUTES;
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
	       p->pending.n * (sizeof(siginfo_t) + 16) + r->img.processes.n * 288 + 8192;
}

/* Operations cannot be counted before they are made: an upper bound. */
static size_t ops_needed(const struct plan *n, const cr_islands *islands)
{
	const struct cr_process_image *p = n->p;

	return 256 + islands->n * 2 + p->vmas.n * 10 + p->runs.n + p->threads.n * 200 +
	       p->pending.n + p->timers.n * 5 + n->r->img.processes.n * 2 +
	       userfaults(n->r, p) + 2;
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
	n->r->progress = (void *)((char *)page + ((char *)n->r->progress - (char *)n->r->page));
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
	return 0;
}

/* At the very end of our place: what the kernel will not be told, or not as it was. */
static void tell_program(struct plan *n)
{
	if (n->r->objects.virtual_ids || n->exe_fd < 0)
		snprintf((char *)n->base + n->len - CR_PATH_MAX, CR_PATH_MAX, "%s",
			 n->p->process.exe);
}

static void plan_leave(struct plan *n, size_t main_ops)
{
	struct cr_restorer_args args = { .page = n->page,
					 .ids = (uintptr_t)n->r->ids,
					 .progress = (uintptr_t)cr_progress_of(n->r, n->p),
					 .ops = n->code,
					 .nops = main_ops,
					 .pid = n->p->process.pid };
	void (*entry)(void *) = (void *)(n->base + n->r->page_room +
					 ((const char *)cr_restorer - cr_restorer_start));
	uint64_t at = keep(n, &args, sizeof(args));
	uint64_t all = ~0ull;

	__atomic_store_n(&cr_progress_of(n->r, n->p)->state, CR_STATE_RESTORER, __ATOMIC_SEQ_CST);
	memcpy((void *)n->code, n->ops, n->nops * sizeof(*n->ops));
	/* Also those that libc leaves out: its own timers may fire before their thread is there. */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
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
	cr_on_behalf(cr_behalf_of_process(p));
	ret = cr_hostname_enter(&r->objects, &p->process, err);
	cr_progress_of(r, p)->label = CR_LABEL_MEMORY;
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
		ret = cr_set_directory(r, p, err);
	/* The saved limit on descriptors may be lower than their numbers. */
	if (!ret)
		ret = place_fds(r, p, n, err);
	if (!ret)
		ret = cr_semaphores_of_process(&r->objects, p, err);
	if (!ret)
		ret = cr_mqueues_of_process(&r->objects, p, err);
	if (!ret)
		plan_set_attributes(r, p);
	if (ret)
		return ret;
	tell_program(n);
	move_vdso(n, &l, target, park, false);
	clear_layout(n, &islands);
	move_vdso(n, &l, target, park, true);
	place_memory(n, &islands);
	finish_memory(n);
	plan_userfaults(n);
	give_keys(n);
	plan_mm(n);
	cr_plan_signals(n);
	if (p->core.xcomp_permitted >> AMX_TILEDATA & 1)
		CALL(CR_LABEL_THREAD, SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, AMX_TILEDATA);
	CALL(CR_LABEL_THREAD, SYS_set_tid_address, main->clear_child_tid);
	CALL(CR_LABEL_THREAD, SYS_arch_prctl, ARCH_SET_FS, main->fs_base);
	main_ops = cr_plan_threads(n, main);
	if (n->nops > ops_needed(n, &islands))
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "%zu operations, expected %zu at most",
			       n->nops, ops_needed(n, &islands));
	ret = cr_set_root(r, &p->process, err);
	if (ret)
		return ret;
	plan_leave(n, main_ops);
	return cr_fail(err, CR_EXIT_INTERNAL, 0, "the restorer came back");
}
