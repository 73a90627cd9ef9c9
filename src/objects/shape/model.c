// SPDX-License-Identifier: Apache-2.0
//
// What follows from an image's records. Lists are searched from their beginning: an image has
// thousands of records at most, and each is looked at once.
#include "objects/shape/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/image.h"
#include "objects/shape/text.h"

/* ---- pages ---- */

void cr_pages_add(struct cr_pages *to, const struct cr_pages *from)
{
	to->mapped += from->mapped;
	to->stored += from->stored;
	to->raw += from->raw;
	to->packed += from->packed;
	to->disk += from->disk;
	to->zero += from->zero;
	to->guard += from->guard;
	to->runs += from->runs;
}

/* A run that begins before start counts with what is behind it, on disk by its share. */
static void add_run(struct cr_pages *to, const cairn_PageRun *run, uint64_t start, uint64_t end)
{
	uint64_t len = run->pages * CR_PAGE, last = run->addr + len, n;

	if (last <= start || run->addr >= end)
		return;
	n = (last < end ? last : end) - (run->addr > start ? run->addr : start);
	to->runs++;
	switch (run->codec) {
	case cairn_Codec_CODEC_RAW:
		to->raw += n;
		break;
	case cairn_Codec_CODEC_LZ4:
		to->packed += n;
		break;
	case cairn_Codec_CODEC_ZERO:
		to->zero += n;
		return;
	default:
		to->guard += n;
		return;
	}
	to->stored += n;
	to->disk += n == len ? run->stored : (uint64_t)((double)run->stored * n / len);
}

struct cr_pages cr_pages_between(const cairn_PageRun *runs, size_t n, uint64_t start, uint64_t end)
{
	struct cr_pages pages = { .mapped = end - start };
	size_t at = CR_FIRST_NOT(i, 0, n, runs[i].addr + runs[i].pages * CR_PAGE <= start);

	for (; at < n && runs[at].addr < end; at++)
		add_run(&pages, &runs[at], start, end);
	return pages;
}

struct cr_pages cr_pages_of_process(const struct cr_process_image *p)
{
	struct cr_pages pages = cr_pages_between(p->runs.v, p->runs.n, 0, UINT64_MAX);
	size_t i;

	pages.mapped = 0;
	for (i = 0; i < p->vmas.n; i++)
		pages.mapped += p->vmas.v[i].end - p->vmas.v[i].start;
	return pages;
}

static void sum_up(struct cr_model *m)
{
	const struct cr_image *img = m->img;
	size_t i, k;

	for (i = 0; i < img->processes.n; i++) {
		const struct cr_process_image *p = &img->processes.v[i];
		struct cr_pages pages = cr_pages_of_process(p);

		cr_pages_add(&m->all, &pages);
		for (k = 0; k < p->vmas.n; k++) {
			const cairn_Vma *v = &p->vmas.v[k];

			if (v->kind != cairn_VmaKind_VMA_ANON)
				continue;
			pages = cr_pages_between(p->runs.v, p->runs.n, v->start, v->end);
			cr_pages_add(&m->anonymous, &pages);
		}
	}
	for (i = 0; i < img->shared.n; i++) {
		const struct cr_shared_image *s = &img->shared.v[i];

		for (k = 0; k < s->runs.n; k++)
			add_run(&m->all, &s->runs.v[k], 0, UINT64_MAX);
	}
	for (i = 0; i < img->blobs.n; i++)
		m->blobs += img->blobs.v[i].size;
}

/* ---- processes, parents first ---- */

static const struct cr_process_image *model_parent_of(const struct cr_image *img, size_t i)
{
	int32_t ppid = img->processes.v[i].process.ppid;
	size_t k;

	for (k = 0; k < img->processes.n; k++)
		if (k != i && img->processes.v[k].process.pid == ppid)
			return &img->processes.v[k];
	return NULL;
}

static int add_family(struct cr_model *m, size_t i, uint32_t depth, bool *seen)
{
	const struct cr_image *img = m->img;
	uint32_t *to, *deep;
	size_t k;
	int ret = 0;

	if (seen[i])
		return 0;
	seen[i] = true;
	to = cr_list_add(&m->order);
	deep = cr_list_add(&m->depth);
	if (!to || !deep)
		return -ENOMEM;
	*to = i;
	*deep = depth;
	/* A chain longer than a stack would like is shown flat. */
	for (k = 0; k < img->processes.n && !ret && depth < 64; k++)
		if (img->processes.v[k].process.ppid == img->processes.v[i].process.pid)
			ret = add_family(m, k, depth + 1, seen);
	return ret;
}

static int sort_processes(struct cr_model *m)
{
	const struct cr_image *img = m->img;
	cr_auto_free bool *seen = calloc(img->processes.n + 1, sizeof(*seen));
	size_t i;
	int ret = seen ? 0 : -ENOMEM;

	for (i = 0; i < img->processes.n && !ret; i++)
		if (!model_parent_of(img, i))
			ret = add_family(m, i, 0, seen);
	/* In a damaged image they may be each other's parents. */
	for (i = 0; i < img->processes.n && !ret; i++)
		ret = add_family(m, i, 0, seen);
	return ret;
}

/* ---- who holds what ---- */

static int by_description(const void *a, const void *b)
{
	const struct cr_held *x = a, *y = b;

	if (x->description != y->description)
		return x->description < y->description ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int find_holders(struct cr_model *m)
{
	const struct cr_image *img = m->img;
	size_t i, k, f;

	for (i = 0; i < img->processes.n; i++) {
		const struct cr_process_image *p = &img->processes.v[i];

		for (k = 0; k < p->fds.n; k++)
			for (f = 0; f < p->fds.v[k].fds_count; f++) {
				const cairn_FdEntry *e = &p->fds.v[k];
				struct cr_held *to = cr_list_add(&m->held);

				if (!to)
					return -ENOMEM;
				*to = (struct cr_held){ e->descriptions[f], p->process.pid,
							e->fds[f], e->cloexec[f] };
			}
	}
	if (m->held.n)
		qsort(m->held.v, m->held.n, sizeof(*m->held.v), by_description);
	return 0;
}

int cr_model_make(struct cr_model *m, const struct cr_image *img, struct cr_err *err)
{
	int ret;

	memset(m, 0, sizeof(*m));
	m->img = img;
	ret = find_holders(m);
	if (!ret)
		ret = sort_processes(m);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "reading %s", img->path);
	sum_up(m);
	return 0;
}

void cr_model_free(struct cr_model *m)
{
	free(m->held.v);
	free(m->order.v);
	free(m->depth.v);
	memset(m, 0, sizeof(*m));
}

struct cr_helds cr_model_holders(const struct cr_model *m, uint32_t description)
{
	const struct cr_held *v = m->held.v;
	size_t from = CR_FIRST_NOT(i, 0, m->held.n, v[i].description < description);
	size_t to = CR_FIRST_NOT(i, from, m->held.n, v[i].description == description);

	return (struct cr_helds){ v + from, to - from };
}

struct cr_holders_text cr_model_who(const struct cr_model *m, uint32_t description)
{
	struct cr_helds h = cr_model_holders(m, description);
	struct cr_holders_text t = { "" };
	size_t i;

	for (i = 0; i < h.n; i++) {
		/* Room for the longest of both. */
		if (strlen(t.s) + 40 > sizeof(t.s)) {
			cr_append(t.s, sizeof(t.s), " +%zu more", h.n - i);
			break;
		}
		if (i && h.v[i].pid == h.v[i - 1].pid)
			cr_append(t.s, sizeof(t.s), ",%d", h.v[i].fd);
		else
			cr_append(t.s, sizeof(t.s), "%s%d:%d", i ? " " : "", h.v[i].pid, h.v[i].fd);
	}
	if (!h.n)
		cr_append(t.s, sizeof(t.s), "nobody");
	return t;
}

/* ---- records by their number ---- */

#define FIND(list, condition)                                                      \
	do {                                                                       \
		size_t i;                                                          \
		for (i = 0; i < m->img->list.n; i++) {                             \
			const __typeof__(*m->img->list.v) *e = &m->img->list.v[i]; \
			if (condition)                                             \
				return e;                                          \
		}                                                                  \
		return NULL;                                                       \
	} while (0)

const cairn_Description *cr_model_description(const struct cr_model *m, uint32_t id)
{
	FIND(descriptions, e->id == id);
}

const cairn_Pipe *cr_model_pipe(const struct cr_model *m, uint32_t id)
{
	FIND(pipes, e->id == id);
}

const cairn_Inode *cr_model_inode(const struct cr_model *m, uint32_t id)
{
	FIND(inodes, e->id == id);
}

const cairn_Inode *cr_model_inode_at(const struct cr_model *m, uint64_t dev, uint64_t inode)
{
	FIND(inodes, e->dev == dev && e->inode == inode);
}

const struct cr_shared_image *cr_model_shared(const struct cr_model *m, uint32_t id)
{
	FIND(shared, e->memory.id == id);
}

const cairn_UnixSocket *cr_model_unix(const struct cr_model *m, uint32_t id)
{
	FIND(unix_sockets, e->id == id);
}

const cairn_InetSocket *cr_model_inet(const struct cr_model *m, uint32_t id)
{
	FIND(inet_sockets, e->id == id);
}

const cairn_Mqueue *cr_model_mqueue(const struct cr_model *m, uint32_t id)
{
	FIND(mqueues, e->id == id);
}

const cairn_Pty *cr_model_pty(const struct cr_model *m, uint32_t id)
{
	FIND(ptys, e->id == id);
}
