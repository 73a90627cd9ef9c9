// SPDX-License-Identifier: Apache-2.0
//
// SysV shared memory: segments with their content, attached or not, also removed ones that are
// still attached. A segment is a SharedMemory to which mappings refer, with its IpcObject besides.
// Runs in: the shepherd; a restarted process attaches what it had (restart/restart_memory.c).
#include "objects/ipc/sysv_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>
#include <xxh_x86dispatch.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "common/proc.h"
#include "objects/ipc/ipc.h"
#include "objects/ipc/sysv_make.h"

/* Columns of /proc/sysvipc/shm. */
enum { SIZE = 3, CPID, LPID, NATTCH, UID, CTIME = UID + 6, SWAP = CTIME + 2 };

#define HUGE 0x200000ul
#define LOOKS 20 /* at a segment that seems to be in use, a millisecond apart */

cairn_SharedMemory *cr_segment_attached(struct cr_save *s, int id, dev_t dev)
{
	struct cr_saved_shared *e;
	size_t i;

	for (i = 0; i < s->shared.n; i++)
		if (s->shared.v[i].m.has_sysv && s->shared.v[i].m.sysv.id == id) {
			s->shared.v[i].m.dev = dev;
			return &s->shared.v[i].m;
		}
	e = cr_list_add(&s->shared);
	if (!e)
		return NULL;
	e->fd = -1;
	e->m.id = ++s->next_id;
	e->m.has_sysv = true;
	e->m.sysv.id = id;
	e->m.inode = id;
	e->m.dev = dev;
	snprintf(e->m.name, sizeof(e->m.name), "SysV shared memory %d", id);
	return &e->m;
}

/*
 * Who saves a segment attaches it for that long; and the kernel counts an attachment before it
 * notes whose it is, and twice until it is done. So what others seem to use is looked at again.
 */
static bool is_in_use(const struct cr_ipc_row *row)
{
	struct shmid_ds ds = { .shm_nattch = row->v[NATTCH], .shm_lpid = row->v[LPID] };
	int tries;

	for (tries = 0; ds.shm_nattch; tries++) {
		if (ds.shm_nattch == 1 && cr_ipc_only_saves(ds.shm_lpid))
			return false;
		if (tries == LOOKS)
			return true;
		usleep(1000);
		if (shmctl(row->v[CR_IPC_ID], IPC_STAT, &ds))
			return true;
	}
	return false;
}

static void sysv_shm_note(struct cr_save *s, const struct cr_ipc_row *row)
{
	pid_t pids[] = { row->v[CPID], row->v[LPID] };
	cairn_IpcObject ipc = cr_ipc_object(row, UID);
	cairn_SharedMemory *m = NULL;
	size_t i;

	for (i = 0; i < s->shared.n && !m; i++)
		if (s->shared.v[i].m.has_sysv && s->shared.v[i].m.sysv.id == row->v[CR_IPC_ID])
			m = &s->shared.v[i].m;
	/* What others have attached and we have not is theirs, whoever made it. */
	if (!m && cr_ipc_ours(s, CR_IPC_MEMORY, &ipc, row->v[CTIME], pids, 2) &&
	    (s->own_ipc || !is_in_use(row)))
		m = cr_segment_attached(s, row->v[CR_IPC_ID], 0);
	if (!m)
		return;
	m->sysv = cr_ipc_object(row, UID);
	m->sysv.pid1 = row->v[CPID];
	m->sysv.pid2 = row->v[LPID];
	m->size = row->v[SIZE];
	s->has_ipc = true;
}

int cr_segments_note(struct cr_save *s, struct cr_err *err)
{
	cr_ipc_rows rows = { 0 };
	size_t i;
	int ret = cr_ipc_rows_read("shm", &rows);

	for (i = 0; i < rows.n && !ret; i++)
		sysv_shm_note(s, &rows.v[i]);
	free(rows.v);
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot read /proc/sysvipc/shm") : 0;
}

/* ---- contents ---- */

struct sink {
	struct cr_save *s;
	cairn_PageRuns runs;
};

static int sysv_shm_flush(struct sink *k, struct cr_err *err)
{
	int ret = 0;

	if (k->runs.runs_count)
		ret = cr_image_record(k->s->writer, cairn_RecordType_RECORD_RUNS, &k->runs, err);
	k->runs.runs_count = 0;
	return ret;
}

static int store_run(struct sink *k, const char *base, size_t from, size_t to, struct cr_err *err)
{
	cairn_PageRun *run = &k->runs.runs[k->runs.runs_count];
	cairn_Blob blob;
	int ret = cr_image_blob(k->s->writer, base + from, to - from, &blob, err);

	if (ret)
		return ret;
	*run = (cairn_PageRun){ .addr = from,
				.pages = (to - from) / CR_PAGE,
				.offset = blob.offset,
				.stored = to - from,
				.xxh3 = blob.xxh3 };
	return ++k->runs.runs_count == CR_ARRAY_SIZE(k->runs.runs) ? sysv_shm_flush(k, err) : 0;
}

/* To touch a page that is not there would make it; but one that is swapped out does not show. */
static bool worth_it(const unsigned char *resident, size_t page, const char *at)
{
	static const char zeros[CR_PAGE];

	return (!resident || resident[page] & 1) && memcmp(at, zeros, CR_PAGE);
}

static int store_pages(struct sink *k, const char *base, size_t len, const unsigned char *resident,
		       struct cr_err *err)
{
	size_t from = 0, at;
	int ret = 0;

	for (at = 0; at < len && !ret; at += CR_PAGE) {
		if (worth_it(resident, at / CR_PAGE, base + at)) {
			if (at + CR_PAGE - from == CR_RUN_BYTES) {
				ret = store_run(k, base, from, at + CR_PAGE, err);
				from = at + CR_PAGE;
			}
			continue;
		}
		if (at > from)
			ret = store_run(k, base, from, at, err);
		from = at + CR_PAGE;
	}
	if (!ret && len > from)
		ret = store_run(k, base, from, len, err);
	return ret ? ret : sysv_shm_flush(k, err);
}

static int64_t swapped(int id)
{
	cr_ipc_rows rows = { 0 };
	int64_t n = 1;
	size_t i;

	if (!cr_ipc_rows_read("shm", &rows))
		for (i = 0; i < rows.n; i++)
			if (rows.v[i].v[CR_IPC_ID] == id)
				n = rows.v[i].v[SWAP];
	free(rows.v);
	return n;
}

static bool is_huge(const void *at)
{
	cr_auto_free char *text = NULL;
	char key[32], *p;
	unsigned long kb = 0;

	snprintf(key, sizeof(key), "%lx-", (unsigned long)at);
	if (cr_slurp(AT_FDCWD, "/proc/self/smaps", &text) <= 0)
		return false;
	p = strstr(text, key);
	p = p ? strstr(p, "KernelPageSize:") : NULL;
	return p && sscanf(p, "KernelPageSize: %lu", &kb) == 1 && kb > 4;
}

static int sysv_shm_store(struct cr_save *s, const cairn_SharedMemory *m, const char *base,
			  struct cr_err *err)
{
	size_t len = CR_PAGE_UP(m->size);
	cr_auto_free struct sink *k = calloc(1, sizeof(*k));
	cr_auto_free unsigned char *resident = malloc(len / CR_PAGE);

	if (!k || !resident)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", m->name);
	k->s = s;
	k->runs.shared = m->id;
	if (swapped(m->sysv.id) || mincore((void *)base, len, resident)) {
		free(resident);
		resident = NULL;
	}
	return store_pages(k, base, len, resident, err);
}

int cr_segment_store(struct cr_save *s, cairn_SharedMemory *m, struct cr_err *err)
{
	void *base = shmat(m->sysv.id, NULL, SHM_RDONLY);
	int ret;

	/* Nobody of the job has it attached, and somebody else has removed it just now. */
	if (base == (void *)-1 && !m->dev && (errno == EIDRM || errno == EINVAL))
		return 0;
	if (base == (void *)-1)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "the SysV shared memory %d (key 0x%08x) cannot be read", m->sysv.id,
			       m->sysv.key);
	m->huge = m->size >= HUGE && is_huge(base);
	/* The record precedes its runs. */
	ret = cr_image_record(s->writer, cairn_RecordType_RECORD_SHARED, m, err);
	if (!ret)
		ret = sysv_shm_store(s, m, base, err);
	shmdt(base);
	return ret;
}

/* ---- restart ---- */

/* In whoever shall be known to have made it. */
static int sysv_shm_make(const void *what)
{
	const cairn_SharedMemory *m = what;

	return shmget(m->sysv.mode & SHM_DEST ? IPC_PRIVATE : m->sysv.key, m->size,
		      IPC_CREAT | IPC_EXCL | 0600 | (m->huge ? SHM_HUGETLB : 0));
}

static int sysv_shm_fill(struct cr_restore *r, const struct cr_shared_image *s, char *at,
			 struct cr_err *err)
{
	size_t len = CR_PAGE_UP(s->memory.size), i;

	for (i = 0; i < s->runs.n; i++) {
		const cairn_PageRun *run = &s->runs.v[i];
		cairn_Blob blob = { .offset = run->offset, .size = run->stored, .xxh3 = run->xxh3 };
		cr_auto_free void *data = NULL;
		int ret;

		if (run->codec != cairn_Codec_CODEC_RAW || run->addr + run->stored > len)
			return cr_image_damaged(r->img, err, run->offset, run->stored, "length");
		ret = cr_image_read_blob(r->img, &blob, &data, err);
		if (ret)
			return ret;
		memcpy(at + run->addr, data, run->stored);
	}
	return 0;
}

/* The last who used it was, most often, not who made it. */
static int touch(void *arg)
{
	void *p = shmat(*(int *)arg, NULL, SHM_RDONLY);

	if (p != (void *)-1)
		shmdt(p);
	return 0;
}

static int sysv_shm_set_perm(const cairn_SharedMemory *m, int id, struct cr_err *err)
{
	struct shmid_ds ds;

	if (m->sysv.mode & SHM_LOCKED && shmctl(id, SHM_LOCK, NULL))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot lock the SysV shared memory %d again (ulimit -l)", id);
	if (shmctl(id, IPC_STAT, &ds))
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "the SysV shared memory %d cannot have its id again", m->sysv.id);
	ds.shm_perm.uid = m->sysv.uid;
	ds.shm_perm.gid = m->sysv.gid;
	ds.shm_perm.mode = m->sysv.mode & 0777;
	if (shmctl(id, IPC_SET, &ds))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot give the SysV shared memory %d to user %u", id, m->sysv.uid);
	return 0;
}

static int sysv_shm_prepare_one(struct cr_restore *r, const struct cr_ipc_list *l, size_t i,
				struct cr_err *err)
{
	const struct cr_shared_image *s = &r->img->shared.v[i];
	const cairn_IpcObject *o = &s->memory.sysv;
	int id = cr_ipc_make(r, l, o, o->pid1, sysv_shm_make, &s->memory, err), ret;
	char *at;

	if (id < 0)
		return id;
	at = shmat(id, NULL, 0);
	if (at == (void *)-1)
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "the SysV shared memory %d cannot have its id again", o->id);
	ret = sysv_shm_fill(r, s, at, err);
	shmdt(at);
	if (!ret && o->pid2)
		cr_ipc_as(r, o->pid2, geteuid(), getegid(), touch, &id);
	return ret ? ret : sysv_shm_set_perm(&s->memory, id, err);
}

static int sysv_shm_id_of(const struct cr_image *img, size_t i)
{
	return img->shared.v[i].memory.has_sysv ? img->shared.v[i].memory.sysv.id : -1;
}

int cr_segments_prepare(struct cr_restore *r, struct cr_err *err)
{
	struct cr_ipc_list l = { "shm", r->img, r->img->shared.n, sysv_shm_id_of };

	return cr_ipc_each(r, &l, sysv_shm_prepare_one, err);
}

/* Now that the job has them attached, those go that had been removed. */
void cr_segments_free(struct cr_restore *r)
{
	size_t i;
	int id;

	for (i = 0; i < r->img->shared.n; i++) {
		const cairn_SharedMemory *m = &r->img->shared.v[i].memory;

		if (m->has_sysv && m->sysv.mode & SHM_DEST &&
		    (id = cr_ipc_id_now(r, 'h', m->sysv.id)) >= 0)
			shmctl(id, IPC_RMID, NULL);
	}
}

uint64_t cr_segment_length(const cairn_SharedMemory *m)
{
	return m->huge ? (m->size + HUGE - 1) & -HUGE : CR_PAGE_UP(m->size);
}

int cr_segment_attach(const struct cr_restore *r, const cairn_SharedMemory *m, uint64_t at,
		      const cairn_Vma *v, size_t n)
{
	uint64_t base = v->start - v->offset, whole = cr_segment_length(m), from = 0;
	int id = cr_ipc_id_now(r, 'h', m->sysv.id);
	int flags = (v->may_write ? 0 : SHM_RDONLY) | (v->prot & PROT_EXEC ? SHM_EXEC : 0);
	size_t i;

	if (id < 0)
		return id;
	if (shmat(id, (void *)at, flags) == (void *)-1)
		return -errno;
	for (i = 0; i < n; i++) {
		uint64_t len = v[i].end - v[i].start;

		if (v[i].object != m->id || v[i].start - v[i].offset != base)
			continue;
		if (v[i].offset < from || v[i].offset + len > whole)
			return -EINVAL;
		if (v[i].offset > from)
			munmap((void *)(at + from), v[i].offset - from);
		from = v[i].offset + len;
		if (mprotect((void *)(at + v[i].offset), len, v[i].prot))
			return -errno;
	}
	if (from < whole)
		munmap((void *)(at + from), whole - from);
	return 0;
}
