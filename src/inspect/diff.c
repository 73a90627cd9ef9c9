// SPDX-License-Identifier: Apache-2.0
//
// crimage diff: what has changed from one checkpoint to another: processes, threads, descriptors,
// mappings, and how many pages of each mapping. Pages are compared by their checksums where both
// runs begin and end alike, else by what they hold. Both images may be damaged: what cannot be read
// counts as changed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/image.h"
#include "common/json.h"
#include "inspect/diff.h"
#include "inspect/inspect.h"
#include "inspect/inspect_memory.h"
#include "objects/shape/model.h"
#include "objects/shape/shapes.h"
#include "objects/shape/text.h"

struct diff {
	struct cr_inspect *in;
	struct cr_model a, b;
	struct cr_json *j; /* NULL: lines */
	size_t changes;
	uint64_t pages, compared; /* changed, and looked at */
};

/* One thing that is not as it was. change is added, removed or changed. */
static void diff_tell(struct diff *d, const char *change, const char *kind, int pid,
		      const char *what, uint64_t pages, uint64_t of)
{
	char text[160] = "", who[32] = "";

	d->changes++;
	if (of)
		cr_append(text, sizeof(text), ": %llu of %llu pages (%s)",
			  (unsigned long long)pages, (unsigned long long)of,
			  cr_percent(pages, of).s);
	if (!d->j) {
		if (pid)
			snprintf(who, sizeof(who), "%d", pid);
		cr_line("%-8s %8s  %-10s %s%s", change, who, kind, what, text);
		return;
	}
	cr_json_object(d->j, NULL);
	cr_json_text(d->j, "change", change);
	cr_json_text(d->j, "kind", kind);
	if (pid)
		cr_json_int(d->j, "pid", pid);
	cr_json_text(d->j, "what", what);
	if (of) {
		cr_json_size(d->j, "pages_changed", pages);
		cr_json_size(d->j, "pages", of);
	}
	cr_json_end(d->j);
}

/* ---- pages ---- */

static const cairn_PageRun *run_at(const struct cr_process_image *p, uint64_t addr)
{
	size_t at = CR_FIRST_NOT(i, 0, p->runs.n, p->runs.v[i].addr < addr);

	return at < p->runs.n && p->runs.v[at].addr == addr ? &p->runs.v[at] : NULL;
}

static bool same_run(const cairn_PageRun *x, const cairn_PageRun *y)
{
	return x && y && x->pages == y->pages && x->codec == y->codec && x->stored == y->stored &&
	       x->xxh3 == y->xxh3;
}

/* How many bytes from addr on are without content, at most to end; 0 if it has some. */
static uint64_t empty(struct cr_memory *m, uint64_t addr, uint64_t end)
{
	struct cr_memory_piece piece = cr_memory_piece(m, addr);

	if (piece.kind == CR_MEMORY_STORED)
		return 0;
	return (piece.end < end ? piece.end : end) - addr;
}

static bool same_page(struct cr_memory *x, struct cr_memory *y, uint64_t addr)
{
	struct cr_err none = { 0 };
	char a[CR_PAGE], b[CR_PAGE];

	return !cr_memory_read(x, addr, a, sizeof(a), &none) &&
	       !cr_memory_read(y, addr, b, sizeof(b), &none) && !memcmp(a, b, sizeof(a));
}

static uint64_t changed_pages(const struct cr_process_image *p, const struct cr_process_image *q,
			      struct cr_memory *x, struct cr_memory *y, uint64_t addr, uint64_t end)
{
	uint64_t changed = 0, n, m;

	while (addr < end) {
		const cairn_PageRun *diff_run = run_at(p, addr);

		if (same_run(diff_run, run_at(q, addr)) &&
		    diff_run->pages * CR_PAGE <= end - addr) {
			addr += diff_run->pages * CR_PAGE;
			continue;
		}
		/* In neither is anything stored: what the mapping gives by itself. */
		n = empty(x, addr, end);
		m = n ? empty(y, addr, end) : 0;
		if (n && m) {
			n = n < m ? n : m;
			addr += n < CR_PAGE ? CR_PAGE : n - n % CR_PAGE;
			continue;
		}
		changed += !same_page(x, y, addr);
		addr += CR_PAGE;
	}
	return changed;
}

/* ---- mappings ---- */

static bool diff_same_mapping(const cairn_Vma *x, const cairn_Vma *y)
{
	return x->prot == y->prot && x->kind == y->kind && x->shared == y->shared &&
	       x->offset == y->offset && !strcmp(x->path, y->path);
}

static void name_mapping(const cairn_Vma *v, char *out, size_t room)
{
	snprintf(out, room, "%012llx-%012llx %c%c%c%c %s", (unsigned long long)v->start,
		 (unsigned long long)v->end, v->prot & 1 ? 'r' : '-', v->prot & 2 ? 'w' : '-',
		 v->prot & 4 ? 'x' : '-', v->shared ? 's' : 'p',
		 v->path[0]			   ? v->path :
		 v->kind == cairn_VmaKind_VMA_ANON ? "" :
						     "(memory of the job)");
}

static void diff_mapping(struct diff *d, const struct cr_process_image *p,
			 const struct cr_process_image *q, struct cr_memory *x, struct cr_memory *y,
			 const cairn_Vma *v, const cairn_Vma *w)
{
	uint64_t end = v->end < w->end ? v->end : w->end, changed;
	char name[CR_PATH_MAX + 80];

	name_mapping(w, name, sizeof(name));
	if (!diff_same_mapping(v, w) || v->end != w->end)
		diff_tell(d, "changed", "mapping", q->process.pid, name, 0, 0);
	changed = changed_pages(p, q, x, y, v->start, end);
	d->pages += changed;
	d->compared += (end - v->start) / CR_PAGE;
	if (changed)
		diff_tell(d, "changed", "pages", q->process.pid, name, changed,
			  (end - v->start) / CR_PAGE);
}

/* Both lists are sorted; a mapping is the one that begins where it began. */
static void diff_mappings(struct diff *d, const struct cr_process_image *p,
			  const struct cr_process_image *q)
{
	struct cr_memory *x = NULL, *y = NULL;
	struct cr_err none = { 0 };
	char name[CR_PATH_MAX + 80];
	size_t i = 0, k = 0;

	if (cr_memory_open(&x, d->a.img, p, &none) || cr_memory_open(&y, d->b.img, q, &none)) {
		cr_memory_close(x);
		return;
	}
	while (i < p->vmas.n || k < q->vmas.n) {
		const cairn_Vma *v = i < p->vmas.n ? &p->vmas.v[i] : NULL;
		const cairn_Vma *w = k < q->vmas.n ? &q->vmas.v[k] : NULL;

		if (v && w && v->start == w->start) {
			diff_mapping(d, p, q, x, y, v, w);
			i++;
			k++;
			continue;
		}
		if (v && (!w || v->start < w->start)) {
			name_mapping(v, name, sizeof(name));
			diff_tell(d, "removed", "mapping", p->process.pid, name, 0, 0);
			i++;
		} else {
			name_mapping(w, name, sizeof(name));
			diff_tell(d, "added", "mapping", q->process.pid, name, 0, 0);
			k++;
		}
	}
	cr_memory_close(x);
	cr_memory_close(y);
}

/* ---- threads and descriptors ---- */

static bool has_thread(const struct cr_process_image *p, int tid)
{
	size_t i;

	for (i = 0; i < p->threads.n; i++)
		if (p->threads.v[i].tid == tid)
			return true;
	return false;
}

static void diff_threads(struct diff *d, const struct cr_process_image *p,
			 const struct cr_process_image *q, const char *change)
{
	char name[40];
	size_t i;

	for (i = 0; i < p->threads.n; i++) {
		const cairn_Thread *t = &p->threads.v[i];

		if (has_thread(q, t->tid))
			continue;
		snprintf(name, sizeof(name), "%d %.*s", t->tid, (int)t->comm.size,
			 (const char *)t->comm.bytes);
		diff_tell(d, change, "thread", p->process.pid, name, 0, 0);
	}
}

static bool find_fd(const struct cr_model *m, const struct cr_process_image *p, int fd,
		    char text[CR_DESCRIBE_MAX])
{
	const cairn_Description *d;
	size_t i, k;

	for (i = 0; i < p->fds.n; i++)
		for (k = 0; k < p->fds.v[i].fds_count; k++) {
			if (p->fds.v[i].fds[k] != fd)
				continue;
			d = cr_model_description(m, p->fds.v[i].descriptions[k]);
			text[0] = 0;
			if (d)
				cr_describe(m, d, text);
			return true;
		}
	return false;
}

static void diff_fds(struct diff *d, const struct cr_process_image *p,
		     const struct cr_process_image *q, bool removed)
{
	char was[CR_DESCRIBE_MAX], is[CR_DESCRIBE_MAX], name[2 * CR_DESCRIBE_MAX + 40];
	size_t i, k;

	for (i = 0; i < p->fds.n; i++)
		for (k = 0; k < p->fds.v[i].fds_count; k++) {
			int fd = p->fds.v[i].fds[k];
			bool both = find_fd(removed ? &d->b : &d->a, q, fd, is);

			find_fd(removed ? &d->a : &d->b, p, fd, was);
			name[0] = 0;
			cr_append(name, sizeof(name), "%d %s", fd, was);
			if (!both) {
				diff_tell(d, removed ? "removed" : "added", "descriptor",
					  p->process.pid, name, 0, 0);
			} else if (removed && strcmp(was, is)) {
				cr_append(name, sizeof(name), " -> %s", is);
				diff_tell(d, "changed", "descriptor", p->process.pid, name, 0, 0);
			}
		}
}

/* ---- processes ---- */

static const struct cr_process_image *diff_find(const struct cr_image *img, int pid)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++)
		if (img->processes.v[i].process.pid == pid)
			return &img->processes.v[i];
	return NULL;
}

static void diff_process(struct diff *d, const struct cr_process_image *p,
			 const struct cr_process_image *q)
{
	const cairn_Process *x = &p->process, *y = &q->process;

	if (x->zombie != y->zombie)
		diff_tell(d, "changed", "process", y->pid, y->zombie ? "has ended" : "lives", 0, 0);
	if (strcmp(x->exe, y->exe))
		diff_tell(d, "changed", "program", y->pid, y->exe, 0, 0);
	if (strcmp(x->comm, y->comm))
		diff_tell(d, "changed", "name", y->pid, y->comm, 0, 0);
	if (strcmp(x->cwd, y->cwd))
		diff_tell(d, "changed", "folder", y->pid, y->cwd, 0, 0);
	diff_threads(d, p, q, "removed");
	diff_threads(d, q, p, "added");
	diff_fds(d, p, q, true);
	diff_fds(d, q, p, false);
	diff_mappings(d, p, q);
}

static void diff_processes(struct diff *d)
{
	const struct cr_process_image *p;
	size_t i;

	for (i = 0; i < d->a.order.n; i++) {
		p = &d->a.img->processes.v[d->a.order.v[i]];
		if (!diff_find(d->b.img, p->process.pid))
			diff_tell(d, "removed", "process", p->process.pid, p->process.comm, 0, 0);
	}
	for (i = 0; i < d->b.order.n; i++) {
		p = &d->b.img->processes.v[d->b.order.v[i]];
		if (!diff_find(d->a.img, p->process.pid))
			diff_tell(d, "added", "process", p->process.pid, p->process.comm, 0, 0);
		else
			diff_process(d, diff_find(d->a.img, p->process.pid), p);
	}
}

/* ---- what processes share: all of an object, by its runs ---- */

static uint64_t unlike_pages(const struct cr_shared_image *s, const struct cr_shared_image *t)
{
	uint64_t pages = 0;
	size_t i, k;

	for (i = 0; i < t->runs.n; i++) {
		for (k = 0; k < s->runs.n; k++)
			if (s->runs.v[k].addr == t->runs.v[i].addr)
				break;
		if (k == s->runs.n || !same_run(&s->runs.v[k], &t->runs.v[i]))
			pages += t->runs.v[i].pages;
	}
	return pages;
}

static void diff_shared(struct diff *d)
{
	size_t i, k;

	for (i = 0; i < d->b.img->shared.n; i++) {
		const struct cr_shared_image *t = &d->b.img->shared.v[i], *s = NULL;
		char name[CR_PATH_MAX + 40];
		uint64_t pages;

		for (k = 0; k < d->a.img->shared.n && !s; k++)
			if (d->a.img->shared.v[k].memory.inode == t->memory.inode &&
			    !strcmp(d->a.img->shared.v[k].memory.name, t->memory.name))
				s = &d->a.img->shared.v[k];
		name[0] = 0;
		cr_append(name, sizeof(name), "%s, %s", t->memory.name, cr_bytes(t->memory.size).s);
		pages = s ? unlike_pages(s, t) : 0;
		if (!s)
			diff_tell(d, "added", "memory", 0, name, 0, 0);
		else if (pages)
			diff_tell(d, "changed", "memory", 0, name, pages, t->memory.size / CR_PAGE);
	}
}

static void diff_sizes(struct diff *d)
{
	const struct cr_pages *a = &d->a.all, *b = &d->b.all;
	int64_t seconds = (int64_t)(d->b.img->manifest.wall_ns - d->a.img->manifest.wall_ns);

	if (d->j) {
		cr_json_size(d->j, "pages_changed", d->pages);
		cr_json_size(d->j, "pages_compared", d->compared);
		cr_json_size(d->j, "stored_bytes_before", a->stored);
		cr_json_size(d->j, "stored_bytes", b->stored);
		cr_json_size(d->j, "mapped_bytes_before", a->mapped);
		cr_json_size(d->j, "mapped_bytes", b->mapped);
		cr_json_int(d->j, "between_ns", seconds);
		return;
	}
	cr_line("%s between them; mapped %s, was %s; stored %s, was %s", cr_duration(seconds).s,
		cr_bytes(b->mapped).s, cr_bytes(a->mapped).s, cr_bytes(b->stored).s,
		cr_bytes(a->stored).s);
	cr_line("%s, %llu of %llu pages changed", cr_count(d->changes, "difference").s,
		(unsigned long long)d->pages, (unsigned long long)d->compared);
}

static int diff_run(struct diff *d)
{
	struct cr_json j = { .out = stdout };

	if (d->in->json) {
		d->j = &j;
		cr_json_object(&j, NULL);
		cr_json_text(&j, "before", d->a.img->path);
		cr_json_text(&j, "after", d->b.img->path);
		cr_json_array(&j, "changes");
	} else {
		cr_line("%-8s %8s  %-10s %s", "CHANGE", "PROCESS", "KIND", "WHAT");
	}
	diff_processes(d);
	diff_shared(d);
	if (d->j)
		cr_json_end(&j);
	diff_sizes(d);
	if (d->j)
		cr_json_end(&j);
	return 0;
}

int cr_inspect_diff(struct cr_inspect *in)
{
	struct diff d = { .in = in };
	struct cr_image *a = NULL, *b = NULL;
	int ret = cr_inspect_open(in, in->of[0], &a);

	if (!ret)
		ret = cr_inspect_open(in, in->of[1], &b);
	if (!ret)
		ret = cr_model_make(&d.a, a, &in->err);
	if (!ret)
		ret = cr_model_make(&d.b, b, &in->err);
	if (!ret)
		ret = diff_run(&d);
	cr_model_free(&d.a);
	cr_model_free(&d.b);
	cr_inspect_close(a);
	cr_inspect_close(b);
	return ret;
}
