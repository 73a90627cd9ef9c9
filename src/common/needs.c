// SPDX-License-Identifier: Apache-2.0
//
// Programs and libraries that an image needs, compared with those of this node.
#include "common/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/elf_id.h"
#include "common/err.h"
#include "common/image.h"
#include "image.pb.h"

static int needs_compare(const void *a, const void *b)
{
	const struct cr_need *x = a, *y = b;
	int by_path;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	by_path = strcmp(x->path, y->path);
	if (by_path)
		return by_path;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->mtime_ns < y->mtime_ns ? -1 : x->mtime_ns > y->mtime_ns;
}

/* Each once; it is spared what all that use it are spared. */
static void unite(cr_needs *list)
{
	size_t i, n = 0;

	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), needs_compare);
	for (i = 0; i < list->n; i++) {
		struct cr_need *last = n ? &list->v[n - 1] : NULL;

		if (!last || needs_compare(last, &list->v[i])) {
			list->v[n++] = list->v[i];
			continue;
		}
		last->writable &= list->v[i].writable;
		last->packed &= list->v[i].packed;
	}
	list->n = n;
}

static bool needs_add(cr_needs *list, struct cr_need n)
{
	struct cr_need *to = cr_list_add(list);

	if (to)
		*to = n;
	return to;
}

/* With --pack-files a job can do without its program; only /proc/self/exe is then another. */
static bool exe_packed(const struct cr_process_image *p)
{
	size_t i;

	for (i = 0; i < p->vmas.n; i++)
		if (p->vmas.v[i].packed && !strcmp(p->vmas.v[i].path, p->process.exe))
			return true;
	return false;
}

/* Files that the job has open have a policy, which is another matter. */
static bool is_open(const struct cr_image *img, const cairn_Vma *v)
{
	size_t i;

	for (i = 0; i < img->inodes.n; i++)
		if (img->inodes.v[i].dev == v->dev && img->inodes.v[i].inode == v->inode)
			return true;
	return false;
}

static bool add_process(cr_needs *list, const struct cr_image *img,
			const struct cr_process_image *p)
{
	const cairn_Process *m = &p->process;
	bool ok = m->exe_deleted ||
		  needs_add(list,
			    (struct cr_need){ CR_NEED_PROGRAM, m->exe, m->exe_size, m->exe_mtime_ns,
					      m->exe_build_id.bytes, m->exe_build_id.size, m->pid,
					      false, exe_packed(p) });
	size_t k;

	for (k = 0; k < p->vmas.n && ok; k++) {
		const cairn_Vma *v = &p->vmas.v[k];

		/* The program's own segments were looked at with it. */
		if (v->size == m->exe_size && v->mtime_ns == m->exe_mtime_ns &&
		    !strcmp(v->path, m->exe))
			continue;
		if (v->kind == cairn_VmaKind_VMA_FILE && !is_open(img, v))
			ok = needs_add(list, (struct cr_need){ CR_NEED_LIBRARY, v->path, v->size,
							       v->mtime_ns, v->build_id.bytes,
							       v->build_id.size, m->pid, v->shared,
							       v->packed });
	}
	return ok;
}

int cr_needs_of(const struct cr_image *img, cr_needs *list, struct cr_err *err)
{
	bool ok = true;
	size_t i;

	*list = (cr_needs){ 0 };
	for (i = 0; i < img->processes.n && ok; i++)
		if (!img->processes.v[i].process.zombie)
			ok = add_process(list, img, &img->processes.v[i]);
	if (ok) {
		unite(list);
		return 0;
	}
	free(list->v);
	*list = (cr_needs){ 0 };
	return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", img->path);
}

static bool same_build(const struct cr_need *n)
{
	struct cr_elf_info elf;
	/* It may be a FIFO by now. */
	cr_auto_fd fd = open(n->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return n->build_id_len && fd >= 0 && !cr_elf_read(fd, &elf) &&
	       elf.build_id_len == n->build_id_len &&
	       !memcmp(elf.build_id, n->build_id, n->build_id_len);
}

enum cr_need_state cr_need_look(const struct cr_need *n)
{
	struct stat st;

	if (stat(n->path, &st))
		return CR_NEED_MISSING;
	if (n->writable)
		return CR_NEED_SAME;
	if ((uint64_t)st.st_size != n->size)
		return CR_NEED_DIFFERENT;
	if (st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec == n->mtime_ns)
		return CR_NEED_SAME;
	/* A copy of the same build has other times; that its bytes are the same is not proved. */
	return same_build(n) ? CR_NEED_TOUCHED : CR_NEED_DIFFERENT;
}

const char *cr_need_state_name(enum cr_need_state state)
{
	static const char *const names[] = { "same", "touched", "different", "missing" };

	return names[state];
}
