// SPDX-License-Identifier: Apache-2.0
//
// Memory of the job: which mappings there are, what is named and what is stored. The layout is read
// from the writer, whose address space is exactly what the process had; only what a fork does not
// carry over is asked of the process itself before.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/each.h"
#include "common/elf_id.h"
#include "common/image_write.h"
#include "objects/core/claim.h"
#include "objects/core/reach.h"
#include "objects/core/save.h"
#include "objects/event/uffd.h"
#include "objects/file/inode.h"
#include "objects/file/regular.h"
#include "objects/ipc/shared_memory.h"
#include "objects/ipc/sysv_shm.h"
#include "shepherd/checkpoint.h"
#include "shepherd/memory.h"
#include "shepherd/shepherd.h"
#include "shepherd/stop.h"

static bool is_sysv(const struct cr_map *v)
{
	return v->shared && !strncmp(v->path, "/SYSV", 5);
}

static uint32_t keep_flags(const struct cr_map *v)
{
	bool sysv = is_sysv(v);

	if (!v->dont_fork && !v->wipe_on_fork && !v->locked && !sysv)
		return 0;
	return (v->dont_fork ? AGENT_RANGE_DONTFORK : 0) |
	       (v->wipe_on_fork ? AGENT_RANGE_WIPEONFORK : 0) |
	       (v->locked ? AGENT_RANGE_LOCKED : 0) |
	       (v->lock_on_fault ? AGENT_RANGE_ON_FAULT : 0) | (sysv ? AGENT_RANGE_SYSV : 0) |
	       (v->may_write ? 0 : AGENT_RANGE_READ_ONLY);
}

int cr_scan_keep(struct cr_process *m)
{
	size_t i;
	int ret;

	m->keep.n = 0;
	cr_maps_free(&m->before);
	/* The main thread may have ended; which one lives is known when it is called. */
	ret = cr_proc_maps(m->tid ? m->tid : m->pid, true, &m->before);
	if (ret)
		cr_maps_free(&m->before);
	for (i = 0; i < m->before.n; i++) {
		const struct cr_map *v = &m->before.v[i];
		cairn_Range *r = m->keep.n ? &m->keep.v[m->keep.n - 1] : NULL;
		uint32_t flags = keep_flags(v);

		if (!flags)
			continue;
		/* Just-in-time compilers have hundreds, side by side. */
		if (r && r->end == v->start && r->flags == flags && !is_sysv(v)) {
			r->end = v->end;
			continue;
		}
		r = cr_list_add(&m->keep);
		if (!r)
			return -ENOMEM;
		*r = (cairn_Range){ v->start, v->end, flags };
	}
	return ret;
}

static uint32_t kept_flags(const struct cr_process *m, uint64_t start)
{
	size_t i;

	for (i = 0; i < m->keep.n; i++)
		if (m->keep.v[i].start <= start && start < m->keep.v[i].end)
			return m->keep.v[i].flags;
	return 0;
}

/* ---- shared mappings, while the job stands still ---- */

/* Ranges of an object that a writer shall dump, and whose it is. */
struct part {
	struct cr_process *process;
	uint32_t object;
	uint64_t start, end, offset;
};

struct parts {
	struct part *v;
	size_t n, room;
};

/* Adds what of [offset, offset+len) of the object no other part covers yet. */
static void add_part(struct parts *parts, struct cr_process *m, uint32_t object,
		     const struct cr_map *v)
{
	uint64_t from = v->offset, to = v->offset + (v->end - v->start);
	struct part *p;
	size_t i;

	for (i = 0; i < parts->n; i++) {
		uint64_t a, b;

		p = &parts->v[i];
		if (p->object != object)
			continue;
		a = p->offset;
		b = p->offset + (p->end - p->start);
		if (from >= a && from < b)
			from = b;
		if (to > a && to <= b)
			to = a;
		if (from >= to)
			return;
	}
	p = cr_list_add(parts);
	if (p)
		*p = (struct part){ m, object, v->start + (from - v->offset),
				    v->start + (to - v->offset), from };
}

static const cairn_Inode *memory_noted(const struct cr_checkpoint *c, const struct cr_map *v)
{
	return cr_inode_mapped(&c->save, v->path, v->deleted, v->dev, v->inode);
}

/*
 * What a process has asked of the kernel goes on while it stands still, and nobody tells how much
 * that is: waits until nothing has been completed for a millisecond.
 */
static void await_aio(const struct cr_process *m, const struct cr_map *v)
{
	uint32_t last[4] = { 0 }, now[4]; /* id, nr, head, tail */
	struct iovec to = { now, sizeof(now) }, from = { (void *)v->start, sizeof(now) };
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (process_vm_readv(m->tid, &to, 1, &from, 1, 0) != sizeof(now) ||
		    (tries && last[3] == now[3]))
			return;
		memcpy(last, now, sizeof(last));
		usleep(1000);
	}
}

static bool is_kernel_object(const struct cr_map *v)
{
	return (!v->inode && v->path[0] == '[') || strstr(v->path, "anon_inode:");
}

static bool is_device(const struct cr_map *v)
{
	struct stat st;

	return v->path[0] == '/' && !v->deleted && !stat(v->path, &st) && !S_ISREG(st.st_mode) &&
	       st.st_ino == v->inode;
}

/* Offers a mapping to plugins. What one takes, the writer may not have: devices say so. */
static int claim(struct cr_checkpoint *c, struct cr_process *m, const struct cr_map *v, bool known)
{
	struct cr_map *kept;
	int ret = cr_claim_mapping(&c->save, m->pid, v, known, &c->err);

	if (ret <= 0)
		return ret;
	kept = cr_list_add(&m->sysv);
	if (!kept)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->path);
	*kept = *v;
	/* The list of mappings is freed before this one. */
	kept->path = "[plugin]";
	return 1;
}

/* On some file systems /proc/PID/maps names another device than stat does. */
static bool is_another(const struct cr_map *v, const struct stat *st)
{
	return st->st_dev == v->dev && st->st_ino != v->inode;
}

static int note_shared(struct cr_checkpoint *c, struct cr_process *m, const struct cr_map *v,
		       struct parts *parts)
{
	struct stat st = { .st_dev = v->dev, .st_ino = v->inode, .st_mode = S_IFREG | 0600 };
	bool memory = !strncmp(v->path, "/memfd:", 7) || !strcmp(v->path, "/dev/zero");
	cairn_SharedMemory *object;
	cr_auto_fd fd = -1;
	int claimed;

	if (is_sysv(v)) {
		struct cr_map *kept = cr_list_add(&m->sysv);

		if (!kept || !cr_segment_attached(&c->save, v->inode, v->dev))
			return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->path);
		*kept = *v;
		/* The list of mappings is freed before this one. */
		kept->path = "/SYSV";
		kept->may_write = !(kept_flags(m, v->start) & AGENT_RANGE_READ_ONLY);
		return 0;
	}
	claimed = claim(c, m, v, !is_kernel_object(v) && !is_device(v));
	if (claimed)
		return claimed < 0 ? claimed : 0;
	if (is_kernel_object(v))
		return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a kernel object mapped (%s), which cannot be saved "
			       "yet; the job goes on",
			       m->pid, v->path);
	/* A deleted one that is also open has been noted with its descriptor. */
	if (!memory && v->deleted && memory_noted(c, v))
		return 0;
	if (!memory && !v->deleted) {
		if (is_device(v))
			return cr_fail(
				&c->err, CR_EXIT_UNSUPPORTED, 0,
				"process %d maps the device %s, which cannot be saved; the job "
				"goes on",
				m->pid, v->path);
		fd = cr_reach_open(v->path, O_RDONLY, S_IFREG);
		if (fd < 0 || fstat(fd, &st))
			return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, errno,
				       "process %d maps %s, which cannot be read", m->pid, v->path);
		if (is_another(v, &st))
			return cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0,
				       "process %d maps %s, where another file is now; the job "
				       "goes on",
				       m->pid, v->path);
		cr_inode_note(&c->save, fd, &st, v->path, false,
			      v->prot & PROT_WRITE ? cairn_FilePolicy_FILE_RESTORE :
						     cairn_FilePolicy_FILE_SAME);
		return 0;
	}
	if (!strcmp(v->path, "/[aio]"))
		await_aio(m, v);
	object = cr_shared_note(&c->save, fd, &st, v->path);
	if (!object)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "saving shared memory");
	for (size_t i = 0; i < c->save.shared.n; i++) {
		struct cr_saved_shared *e = &c->save.shared.v[i];

		if (e->m.id != object->id || e->fd >= 0)
			continue;
		if (v->offset + (v->end - v->start) > e->m.size)
			e->m.size = v->offset + (v->end - v->start);
		add_part(parts, m, object->id, v);
	}
	return 0;
}

static int send_ranges(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m,
		       const cairn_Range *r, const uint64_t *offsets, size_t n, uint32_t shared)
{
	cr_auto_fd proc = m->chrooted && !m->writer_started ?
				  open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) :
				  -1;
	int fds[3] = { c->writer.pack, c->writer.counter_fd, proc };
	cairn_Ranges *out = &sh->out.body.ranges;
	size_t at = 0, i;
	int ret;

	do {
		memset(&sh->out, 0, sizeof(sh->out));
		sh->out.which_body = cairn_ShepherdMsg_ranges_tag;
		out->shared = shared;
		for (i = 0; i < CR_ARRAY_SIZE(out->ranges) && at < n; i++, at++) {
			out->ranges[i] = r[at];
			out->offsets[i] = offsets ? offsets[at] : 0;
		}
		out->ranges_count = i;
		out->offsets_count = offsets ? i : 0;
		out->last = at == n;
		out->lz4 = sh->options.compress == CR_COMPRESS_LZ4;
		out->spare_cache = c->spare_cache;
		ret = cr_process_send(sh, m->writer, fds, m->writer_started ? 0 : proc < 0 ? 2 : 3);
		m->writer_started = true;
	} while (!ret && at < n);
	return ret;
}

int cr_writer_lost(struct cr_shepherd *sh, struct cr_checkpoint *c, const struct cr_process *m)
{
	const char *next = c->hold ? "" : "; the next one is written while it stands still";

	sh->starved = true;
	return cr_fail(&c->err, CR_EXIT_INTERNAL, 0,
		       "the writer of process %d was killed (out of memory?); the job goes on%s",
		       m->pid, next);
}

/* One part, waited for: few jobs have memory that only a mapping leads to. */
static int dump_part(struct cr_shepherd *sh, struct cr_checkpoint *c, const struct part *p)
{
	cairn_Range r = { p->start, p->end, 0 };
	int ret = send_ranges(sh, c, p->process, &r, &p->offset, 1, p->object);

	while (!ret) {
		int got = cr_wire_recv(p->process->writer, &sh->wire, cairn_AgentMsg_fields,
				       &sh->in, NULL, NULL, 0);

		if (got == 1 && sh->in.which_body == cairn_AgentMsg_shared_done_tag)
			return 0;
		if (got == 1 && sh->in.which_body == cairn_AgentMsg_writer_tag) {
			p->process->own_start = sh->in.body.writer.own_start;
			p->process->own_end = sh->in.body.writer.own_end;
			continue;
		}
		if (got == 1 && sh->in.which_body == cairn_AgentMsg_runs_tag)
			ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_RUNS,
					      &sh->in.body.runs, &c->err);
		else if (got == 1 && sh->in.which_body == cairn_AgentMsg_failure_tag)
			ret = cr_process_failure(sh, p->process, &sh->in.body.failure, &c->err);
		else
			ret = -EPIPE;
	}
	return cr_writer_lost(sh, c, p->process);
}

/* As far as can be told without storing anything. */
int cr_check_shared(struct cr_checkpoint *c)
{
	struct parts parts = { 0 };
	struct cr_maps maps;
	size_t i, k;

	for (i = 0; i < c->processes.n; i++) {
		struct cr_process *m = c->processes.v[i];

		if (m->state != CR_PROCESS_STOPPED || cr_proc_maps(m->pid, false, &maps))
			continue;
		for (k = 0; k < maps.n; k++)
			if (maps.v[k].shared)
				cr_pass_over(c, note_shared(c, m, &maps.v[k], &parts));
		cr_maps_free(&maps);
	}
	free(parts.v);
	return cr_pass_over(c, cr_objects_each_finish(&c->save, &c->err));
}

static void read_standing(void *processes, size_t i)
{
	struct cr_process *m = ((struct cr_process **)processes)[i];

	if (m->state == CR_PROCESS_STOPPED)
		cr_proc_maps(m->tid, false, &m->layout);
}

int cr_save_shared(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct parts parts = { 0 };
	size_t i, k;
	int ret = 0;

	cr_each(c->processes.n, 16, read_standing, c->processes.v);
	for (i = 0; i < c->processes.n && !ret; i++) {
		struct cr_process *m = c->processes.v[i];

		if (m->state != CR_PROCESS_STOPPED)
			continue;
		if (!m->layout.n)
			ret = cr_fail(&c->err, CR_EXIT_INTERNAL, 0, "cannot read /proc/%d/maps",
				      m->pid);
		for (k = 0; k < m->layout.n && !ret; k++)
			if (m->layout.v[k].shared)
				ret = note_shared(c, m, &m->layout.v[k], &parts);
	}
	if (!ret)
		ret = cr_objects_finish(&c->save, &c->err);
	for (i = 0; i < parts.n && !ret; i++)
		ret = dump_part(sh, c, &parts.v[i]);
	free(parts.v);
	return ret;
}

/* ---- all mappings, from the writer ---- */

/* The segments of one library follow each other: its file is looked at once. */
static void fill_file(const struct cr_checkpoint *c, cairn_Vma *m, const struct cr_map *v,
		      cairn_Vma *last, bool pack_files)
{
	const cairn_Inode *known;
	cr_auto_fd fd = -1;
	struct cr_elf_info elf;
	struct stat st;

	m->dev = v->dev;
	m->inode = v->inode;
	m->deleted = v->deleted;
	m->packed = pack_files;
	if (!v->deleted && last->inode == v->inode && !strcmp(last->path, v->path)) {
		m->packed = last->packed;
		m->dev = last->dev;
		m->size = last->size;
		m->mtime_ns = last->mtime_ns;
		m->build_id = last->build_id;
		return;
	}
	known = memory_noted(c, v);
	if (known)
		m->dev = known->dev;
	if (known && v->deleted) {
		m->packed = false;
		return;
	}
	/* Its name may lead to another file: something is mounted there. */
	if (v->deleted || stat(v->path, &st) || !S_ISREG(st.st_mode) || is_another(v, &st)) {
		m->packed = true;
		m->size = m->offset + (v->end - v->start);
		return;
	}
	m->size = st.st_size;
	m->mtime_ns = st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec;
	fd = cr_reach_open(v->path, O_RDONLY, S_IFREG);
	/* A program that may be executed only, or a name that goes with its last user. */
	if (!v->shared && (fd < 0 || cr_silly_renamed(fd, v->path)))
		m->packed = true;
	if (fd >= 0 && !cr_elf_read(fd, &elf)) {
		m->build_id.size = elf.build_id_len;
		memcpy(m->build_id.bytes, elf.build_id, elf.build_id_len);
	}
	*last = *m;
}

static void fill_advice(cairn_Vma *m, const struct cr_map *v, uint32_t kept)
{
	const struct {
		bool on;
		int advice;
	} all[] = {
		{ v->huge, MADV_HUGEPAGE },
		{ v->no_huge, MADV_NOHUGEPAGE },
		{ v->dont_dump, MADV_DONTDUMP },
		{ v->mergeable, MADV_MERGEABLE },
		{ v->sequential, MADV_SEQUENTIAL },
		{ v->random, MADV_RANDOM },
		{ kept & AGENT_RANGE_DONTFORK, MADV_DONTFORK },
		{ kept & AGENT_RANGE_WIPEONFORK, MADV_WIPEONFORK },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(all); i++)
		if (all[i].on)
			m->advice[m->advice_count++] = all[i].advice;
}

static uint32_t shared_id(const struct cr_checkpoint *c, const struct cr_process *m,
			  const struct cr_map *v)
{
	uint32_t claimed = v->shared ? cr_claimed_mapping(&c->save, m->pid, v->start) : 0;
	size_t i;

	if (claimed)
		return claimed;
	/* SysV segments may have number 0. */
	if (!v->inode && !is_sysv(v))
		return 0;
	for (i = 0; i < c->save.shared.n; i++)
		if (c->save.shared.v[i].m.dev == v->dev && c->save.shared.v[i].m.inode == v->inode)
			return c->save.shared.v[i].m.id;
	return 0;
}

/* Fills a Vma; 0 if the mapping is none of the job's. */
static int fill_vma(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m,
		    const struct cr_map *v, cairn_Vma *out, cairn_Vma *last)
{
	uint32_t kept = kept_flags(m, v->start);

	memset(out, 0, sizeof(*out));
	out->pid = m->pid;
	out->start = v->start;
	out->end = v->end;
	out->prot = v->prot;
	out->offset = v->offset;
	out->shared = v->shared;
	out->grows_down = v->grows_down;
	out->no_reserve = v->no_reserve;
	out->droppable = v->droppable;
	out->locked = kept & AGENT_RANGE_LOCKED;
	out->lock_on_fault = kept & AGENT_RANGE_ON_FAULT;
	out->may_write = v->may_write;
	out->key = v->key;
	out->path = v->path;
	fill_advice(out, v, kept);
	if (!strcmp(v->path, "[vsyscall]"))
		return 0;
	if (!strcmp(v->path, "[vdso]"))
		out->kind = cairn_VmaKind_VMA_VDSO;
	else if (!strcmp(v->path, "[vvar]"))
		out->kind = cairn_VmaKind_VMA_VVAR;
	else if (!strcmp(v->path, "[vvar_vclock]"))
		out->kind = cairn_VmaKind_VMA_VVAR_VCLOCK;
	else if (shared_id(c, m, v)) {
		out->kind = cairn_VmaKind_VMA_SHARED;
		out->object = shared_id(c, m, v);
	} else if (v->inode) {
		out->kind = cairn_VmaKind_VMA_FILE;
		fill_file(c, out, v, last, sh->options.pack_files && !v->shared);
	}
	return 1;
}

static bool range_of(const cairn_Vma *v, cairn_Range *r)
{
	*r = (cairn_Range){ v->start, v->end, 0 };
	if (v->kind == cairn_VmaKind_VMA_VDSO) {
		r->flags = AGENT_RANGE_PACK_FILE;
		return true;
	}
	if (v->shared || v->kind > cairn_VmaKind_VMA_SHARED)
		return false;
	if (!(v->prot & PROT_READ))
		r->flags |= AGENT_RANGE_UNREADABLE;
	if (v->kind == cairn_VmaKind_VMA_ANON)
		return true;
	r->flags |= AGENT_RANGE_FILE;
	if (v->packed) {
		uint64_t have = v->size > v->offset ? CR_PAGE_UP(v->size - v->offset) : 0;

		r->flags |= AGENT_RANGE_PACK_FILE;
		/* Beyond the end of the file there is nothing to read. */
		if (r->end - r->start > have)
			r->end = r->start + have;
	}
	return r->end > r->start;
}

/*
 * Takes the next piece of the job off the front of a mapping: without the writer's own memory, and
 * divided where ranges begin or end whose flags were lifted for the fork.
 */
static bool next_piece(const struct cr_process *m, struct cr_map *v, struct cr_map *out)
{
	size_t i;

	if (v->start >= m->own_start && v->start < m->own_end) {
		v->offset += v->inode ? m->own_end - v->start : 0;
		v->start = m->own_end;
	}
	if (v->start >= v->end)
		return false;
	*out = *v;
	if (out->start < m->own_start && out->end > m->own_start)
		out->end = m->own_start;
	for (i = 0; i < m->keep.n; i++) {
		const cairn_Range *r = &m->keep.v[i];

		if (r->start > out->start && r->start < out->end)
			out->end = r->start;
		if (r->end > out->start && r->end < out->end)
			out->end = r->end;
	}
	v->offset += v->inode ? out->end - v->start : 0;
	v->start = out->end;
	return true;
}

static bool memory_same_mapping(const struct cr_map *a, const struct cr_map *b)
{
	return a->start == b->start && a->end == b->end && a->prot == b->prot &&
	       a->shared == b->shared && a->dev == b->dev && a->inode == b->inode &&
	       a->offset == b->offset;
}

/*
 * Gives the flags that they had before to mappings that are still the same; false if one is not, or
 * has a protection key, which may have become another since.
 */
static bool inherit_flags(const struct cr_process *m, struct cr_maps *maps)
{
	const struct cr_maps *before = &m->before;
	size_t i, k = 0;

	for (i = 0; i < maps->n; i++) {
		struct cr_map *v = &maps->v[i];
		char *path = v->path;

		if (v->start >= m->own_start && v->end <= m->own_end)
			continue;
		while (k < before->n && before->v[k].start < v->start)
			k++;
		if (k == before->n || !memory_same_mapping(v, &before->v[k]) || before->v[k].key)
			return false;
		*v = before->v[k];
		v->path = path;
	}
	return true;
}

/*
 * smaps takes five times as long as maps: it is read again only if something has changed, or may
 * have without being seen: the key of memory in a process that has keys.
 */
static int read_layout(const struct cr_process *m, struct cr_maps *maps)
{
	if (!m->core.keys && !cr_proc_maps(m->writer_pid, false, maps) && inherit_flags(m, maps))
		return 0;
	cr_maps_free(maps);
	return cr_proc_maps(m->writer_pid, true, maps);
}

/* Adds SysV attachments and what plugins have claimed, which the writer lacks, to its mappings. */
static int add_sysv(struct cr_process *m, struct cr_maps *maps)
{
	size_t i, at;

	for (i = 0; i < m->sysv.n; i++) {
		const struct cr_map *v = &m->sysv.v[i];
		struct cr_map *to;

		for (at = 0; at < maps->n && maps->v[at].start < v->start; at++)
			;
		/* One that was attached just before the stop the writer has as well. */
		if (at < maps->n && maps->v[at].start == v->start)
			continue;
		to = cr_list_add(maps);
		if (!to)
			return -ENOMEM;
		memmove(&maps->v[at + 1], &maps->v[at], (maps->n - 1 - at) * sizeof(*to));
		maps->v[at] = *v;
		maps->v[at].path = strdup(v->path);
		if (!maps->v[at].path)
			return -ENOMEM;
	}
	return 0;
}

/*
 * Whether the writer has all that the process had. It has not when something was marked with
 * MADV_DONTFORK after the process was asked whether it has such memory.
 */
static bool memory_complete(const struct cr_process *m, const struct cr_maps *maps)
{
	size_t i, k = 0;

	for (i = 0; i < m->layout.n; i++) {
		const struct cr_map *v = &m->layout.v[i];
		uint64_t at = v->start;

		while (k < maps->n && maps->v[k].end <= at)
			k++;
		for (; k < maps->n && maps->v[k].start <= at && at < v->end; k++)
			at = maps->v[k].end;
		if (at < v->end)
			return false;
		k -= k > 0;
	}
	return true;
}

int cr_write_memory(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	CR_LIST(cairn_Range) ranges = { 0 };
	cairn_Vma *vma = calloc(2, sizeof(*vma)); /* this one; the last that names a file */
	struct cr_map piece;
	struct cr_maps maps = { 0 };
	size_t i;
	int ret = 0;

	if (!vma || read_layout(m, &maps) || add_sysv(m, &maps)) {
		free(vma);
		return cr_writer_lost(sh, c, m);
	}
	if (!memory_complete(m, &maps))
		ret = cr_fail(&c->err, CR_EXIT_TIMEOUT, 0,
			      "process %d marked memory with MADV_DONTFORK while it was being "
			      "stopped; the job goes on: try again",
			      m->pid);
	for (i = 0; i < maps.n && !ret; i++) {
		while (!ret && next_piece(m, &maps.v[i], &piece)) {
			cairn_Range r, *to;
			uint32_t kept = 0;

			if (!fill_vma(sh, c, m, &piece, &vma[0], &vma[1]))
				continue;
			ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_VMA, vma,
					      &c->err);
			if (cr_uffd_covers(&c->save, m->pid, vma->start))
				kept = AGENT_RANGE_KEEP_ZEROS;
			if (!range_of(vma, &r))
				continue;
			to = cr_list_add(&ranges);
			if (to)
				*to = (cairn_Range){ r.start, r.end, r.flags | kept };
			else
				ret = cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM,
					      "memory of process %d", m->pid);
		}
	}
	if (!ret && send_ranges(sh, c, m, ranges.v, NULL, ranges.n, 0))
		ret = cr_writer_lost(sh, c, m);
	cr_maps_free(&maps);
	free(ranges.v);
	free(vma);
	return ret;
}
