// SPDX-License-Identifier: Apache-2.0
//
// The contents of a process's memory: every mapping is made at a temporary place and filled there,
// each run checked against its checksum as it is read. Large empty stretches are left to be mapped
// in place. Runs in: a process that is about to become a saved one.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xxh_x86dispatch.h>

#include "arch/x86_64/call.h"
#include "common/err.h"
#include "common/image_read.h"
#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/reach.h"
#include "objects/file/regular.h"
#include "objects/ipc/shared_memory.h"
#include "objects/ipc/sysv_shm.h"
#include "restart/aio.h"
#include "restart/restart_keys.h"
#include "restart/layout.h"
#include "restart/restart_memory.h"
#include "restart/restart_pids.h"
#include "restart/restart.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

/* A gap of this many bytes without content divides a mapping. */
#define GAP (64ul << 20)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

int cr_open_mapped(struct cr_restart *r, const cairn_Vma *v, struct cr_err *err)
{
	int mode = v->shared && v->may_write ? O_RDWR : O_RDONLY, fd = -1;
	int i = cr_inode_index(&r->img, v->dev, v->inode);
	/* Not among the open ones: known by what a check has compared. */
	static cairn_Inode mapped;

	mapped.dev = v->dev;
	mapped.inode = v->inode;
	mapped.size = v->size;
	mapped.mtime_ns = v->mtime_ns;
	cr_on_behalf(
		(struct cr_behalf){ cr_behalf_now().of, i < 0 ? &mapped : &r->img.inodes.v[i] });
	/* By the name that the mapping shows, if that still leads there. */
	if (i >= 0 && (v->deleted || r->objects.inode_fd[i] >= 0))
		fd = cr_inode_open(&r->objects, i, mode);
	if (fd < 0)
		fd = cr_is_kernels(v->path) ? open(v->path, mode | O_CLOEXEC) :
					      cr_reach_open(v->path, mode, S_IFREG);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, cr_reach_hint(errno)[0] ? 0 : errno,
			       "cannot open %s, which process %d maps%s", v->path, v->pid,
			       cr_reach_hint(errno));
	return fd;
}

static bool restart_memory_anonymous(const cairn_Vma *v)
{
	return v->kind == cairn_VmaKind_VMA_ANON ||
	       (v->kind == cairn_VmaKind_VMA_FILE && v->packed);
}

/* A kernel without it keeps what others may drop. */
static bool can_drop(void)
{
	void *p = mmap(NULL, CR_PAGE, PROT_READ, MAP_ANONYMOUS | MAP_DROPPABLE, -1, 0);

	return p != MAP_FAILED && !munmap(p, CR_PAGE);
}

int cr_map_flags(const cairn_Vma *v)
{
	int type = v->shared			      ? MAP_SHARED :
		   v->droppable && can_drop() ? MAP_DROPPABLE :
						MAP_PRIVATE;

	return type | (restart_memory_anonymous(v) ? MAP_ANONYMOUS : 0) |
	       (v->grows_down ? MAP_GROWSDOWN : 0) | (v->no_reserve ? MAP_NORESERVE : 0);
}

/* A segment is attached whole, once, whatever is left of it: one shmdt takes away all of that. */
static int attach(struct cr_restart *r, const struct cr_process_image *p, struct cr_layout *l,
		  const cr_islands *islands, struct cr_island *is, const cairn_SharedMemory *m,
		  struct cr_err *err)
{
	const cairn_Vma *v = is->vma;
	uint64_t at;
	size_t i;
	int ret;

	for (i = 0; i < islands->n; i++) {
		const struct cr_island *o = &islands->v[i];

		if (o->at && o->vma->object == v->object &&
		    o->vma->start - o->vma->offset == v->start - v->offset) {
			is->at = o->at - o->vma->offset + v->offset;
			return 0;
		}
	}
	at = cr_layout_find(l, cr_segment_length(m), v->start - v->offset);
	ret = at ? cr_segment_attach(&r->objects, m, at, v, p->vmas.v + p->vmas.n - v) : -ENOMEM;
	if (ret)
		return cr_fail(err, CR_EXIT_CHANGED, -ret,
			       "cannot attach the SysV shared memory %d for process %d", m->sysv.id,
			       v->pid);
	is->at = at + v->offset;
	return 0;
}

static int make_island(struct cr_restart *r, const struct cr_process_image *p, struct cr_layout *l,
		       const cr_islands *islands, struct cr_island *is, struct cr_err *err)
{
	const cairn_Vma *v = is->vma;
	uint64_t offset = v->offset + (is->target - v->start);
	int prot = v->prot, fd = -1, k;
	cr_auto_fd opened = -1;
	void *at;

	if (v->kind == cairn_VmaKind_VMA_SHARED) {
		k = cr_shared_index(&r->img, v->object);
		if (k < 0)
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks memory %u",
				       v->object);
		if (r->img.shared.v[k].memory.has_sysv)
			return attach(r, p, l, islands, is, &r->img.shared.v[k].memory, err);
		fd = r->objects.shared_fd[k];
		if (r->img.shared.v[k].memory.has_claim)
			offset = r->objects.claim_offset[k] +
				 (is->target - r->img.shared.v[k].memory.claim_start);
		if (r->img.shared.v[k].memory.aio) {
			is->at = cr_layout_find(l, is->len, is->target);
			return cr_aio_make(v, fd, is->at, err);
		}
		/* What may never be written must not be so later; a seal may wait for that too. */
		if (!v->may_write && v->shared) {
			opened = open(cr_fd_path(fd).text, O_RDONLY | O_CLOEXEC);
			fd = opened < 0 ? fd : opened;
		}
	} else if (!restart_memory_anonymous(v)) {
		fd = opened = cr_open_mapped(r, v, err);
		if (fd < 0)
			return fd;
	}
	/* Private memory is filled; shared memory has its content with the object. */
	if (!v->shared)
		prot = PROT_READ | PROT_WRITE;
	is->at = cr_layout_find(l, is->len, is->target);
	if (!is->at)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM,
			       "no room for %llu bytes of process %d", (unsigned long long)is->len,
			       v->pid);
	at = mmap((void *)is->at, is->len, prot, cr_map_flags(v) | MAP_FIXED_NOREPLACE, fd,
		  fd < 0 ? 0 : offset);
	if (at != (void *)is->at)
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot map %s for process %d",
			       v->path[0] ? v->path : "memory", v->pid);
	for (unsigned int i = 0; i < v->advice_count; i++)
		if (v->advice[i] == MADV_HUGEPAGE || v->advice[i] == MADV_NOHUGEPAGE)
			madvise(at, is->len, v->advice[i]);
	return 0;
}

/* First run that ends behind addr. */
static size_t first_run(const struct cr_process_image *p, uint64_t addr)
{
	const cairn_PageRun *v = p->runs.v;

	return CR_FIRST_NOT(i, 0, p->runs.n, v[i].addr + v[i].pages * CR_PAGE <= addr);
}

/* ---- contents: by this thread and a helper ---- */

/* What both share. Neither allocates or reports: the first failure is left for the caller. */
struct filling {
	struct cr_restart *r;
	const struct cr_process_image *p;
	const cr_islands *islands;
	_Atomic size_t next; /* run to be taken */
	_Atomic bool failed;
	const cairn_PageRun *damaged;
	const char *what;
	char *buf[2]; /* for compressed runs */
	uint32_t helper; /* futex: the helper's id while it lives */
};

#define STEP 4
#define ALONE (16ul << 20) /* bytes below which a helper is not worth it */
#define HELPER_STACK (256ul << 10)

static const char *fill_run(struct cr_restart *r, const cairn_PageRun *run, char *to, char *buf)
{
	size_t len = run->pages * CR_PAGE;
	char *into = to;

	if (run->codec == cairn_Codec_CODEC_ZERO) {
		memset(to, 0, len);
		return NULL;
	}
	if (run->codec == cairn_Codec_CODEC_LZ4) {
		if (run->stored > LZ4_COMPRESSBOUND(CR_RUN_BYTES))
			return "length";
		into = buf;
	}
	if (cr_read_at(r->img.pack, into, run->stored, run->offset))
		return "unreadable";
	if (XXH3_64bits(into, run->stored) != run->xxh3)
		return "checksum of memory";
	if (into != to && LZ4_decompress_safe(into, to, run->stored, len) != (int)len)
		return "LZ4";
	return NULL;
}

/* The island that a run lies in; NULL if none does. Islands are sorted, as mappings are. */
static const struct cr_island *island_of(const cr_islands *islands, const cairn_PageRun *run)
{
	const struct cr_island *v = islands->v;
	size_t at = CR_FIRST_NOT(i, 0, islands->n, v[i].target + v[i].len <= run->addr);

	return at < islands->n && v[at].target <= run->addr &&
			       run->addr + run->pages * CR_PAGE <= v[at].target + v[at].len ?
		       &v[at] :
		       NULL;
}

static void restart_memory_fill(struct filling *f, char *buf)
{
	const char *what = NULL;
	size_t i, end;

	while (!f->failed && (i = atomic_fetch_add(&f->next, STEP)) < f->p->runs.n) {
		end = i + STEP < f->p->runs.n ? i + STEP : f->p->runs.n;
		for (; i < end; i++) {
			const cairn_PageRun *run = &f->p->runs.v[i];
			const struct cr_island *is = island_of(f->islands, run);

			/* Guards and the vdso have no island and no content here. */
			if (!is || run->codec == cairn_Codec_CODEC_GUARD)
				continue;
			what = fill_run(f->r, run, (char *)is->at + (run->addr - is->target), buf);
			if (what && !atomic_exchange(&f->failed, true)) {
				f->damaged = run;
				f->what = what;
			}
		}
	}
}

static void restart_memory_help(void *filling)
{
	struct filling *f = filling;

	restart_memory_fill(f, f->buf[1]);
}

/*
 * A thread in all but libc's eyes (it shares our thread-local storage, so it may not do much), with
 * an id that nobody else will want.
 */
static bool start_helper(struct filling *f, void *stack)
{
	pid_t id = cr_spare_id(f->r, f->p - f->r->img.processes.v);
	struct clone_args c = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID,
		.child_tid = (uintptr_t)&f->helper,
		.stack = (uintptr_t)stack,
		.stack_size = HELPER_STACK,
		.set_tid = (uintptr_t)&id,
		.set_tid_size = 1,
	};

	f->helper = id;
	/* Where ids are translated any will do: the kernel gives none that is in use. */
	if (f->r->objects.virtual_ids)
		c.set_tid = c.set_tid_size = 0;
	return id && cr_clone3_call(&c, sizeof(c), restart_memory_help, f) > 0;
}

static int fill_islands(struct cr_restart *r, const struct cr_process_image *p,
			const cr_islands *islands, struct cr_err *err)
{
	struct filling f = { .r = r, .p = p, .islands = islands };
	size_t room = 2 * LZ4_COMPRESSBOUND(CR_RUN_BYTES) + HELPER_STACK, bytes = 0, i;
	bool helped = false;
	uint32_t id;
	char *own;

	for (i = 0; i < p->runs.n; i++)
		bytes += p->runs.v[i].stored;
	own = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (own == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "memory of process %d",
			       p->process.pid);
	f.buf[0] = own + HELPER_STACK;
	f.buf[1] = f.buf[0] + LZ4_COMPRESSBOUND(CR_RUN_BYTES);
	if (bytes > ALONE)
		helped = start_helper(&f, own);
	restart_memory_fill(&f, f.buf[0]);
	while (helped && (id = __atomic_load_n(&f.helper, __ATOMIC_SEQ_CST)))
		syscall(SYS_futex, &f.helper, FUTEX_WAIT, id, NULL);
	munmap(own, room);
	if (f.failed)
		return cr_image_damaged(&r->img, err, f.damaged->offset, f.damaged->stored, f.what);
	for (i = 0; i < islands->n; i++) {
		const struct cr_island *is = &islands->v[i];

		if (!is->vma->shared && is->vma->prot != (PROT_READ | PROT_WRITE) &&
		    mprotect((void *)is->at, is->len, is->vma->prot))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "mprotect");
	}
	return 0;
}

/* Cuts an anonymous mapping into the stretches that have content; others are one piece. */
static int divide(const struct cr_process_image *p, const cairn_Vma *v, cr_islands *out)
{
	uint64_t from = 0, to = 0;
	struct cr_island *is;
	size_t i;

	if (!restart_memory_anonymous(v) || v->grows_down || v->end - v->start <= GAP) {
		is = cr_list_add(out);
		if (!is)
			return -ENOMEM;
		*is = (struct cr_island){ .target = v->start, .len = v->end - v->start, .vma = v };
		return 0;
	}
	for (i = first_run(p, v->start); i <= p->runs.n; i++) {
		const cairn_PageRun *run = i < p->runs.n ? &p->runs.v[i] : NULL;

		if (run && run->addr < v->end && run->codec == cairn_Codec_CODEC_GUARD)
			continue;
		if (run && run->addr < v->end && to && run->addr - to < GAP) {
			to = run->addr + run->pages * CR_PAGE;
			continue;
		}
		if (to) {
			is = cr_list_add(out);
			if (!is)
				return -ENOMEM;
			*is = (struct cr_island){ .target = from, .len = to - from, .vma = v };
		}
		if (!run || run->addr >= v->end)
			return 0;
		from = run->addr;
		to = from + run->pages * CR_PAGE;
	}
	return 0;
}

int cr_memory_build(struct cr_restart *r, const struct cr_process_image *p, struct cr_layout *l,
		    cr_islands *islands, struct cr_err *err)
{
	size_t i;
	int ret;

	cr_keys_take(p);
	for (i = 0; i < p->vmas.n; i++) {
		const cairn_Vma *v = &p->vmas.v[i];

		if (v->kind <= cairn_VmaKind_VMA_SHARED && divide(p, v, islands))
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "memory of process %d",
				       p->process.pid);
	}
	for (i = 0; i < islands->n; i++) {
		struct cr_island *is = &islands->v[i];

		ret = make_island(r, p, l, islands, is, err);
		if (ret)
			return ret;
	}
	return fill_islands(r, p, islands, err);
}
