// SPDX-License-Identifier: Apache-2.0
//
// On whose behalf a restart by root opens what the job had open: that of a process that has it. If
// one of those is root, root's; of what no process has (what waits in a socket's queue, what lies
// beside a file), that of whoever has the file that it belongs to, or has the fewest rights.
// Runs in the shepherd of a restart, and is known to all processes that it makes.
#include "objects/core/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/policy.h"

static bool has_less(const struct cr_process_image *p)
{
	return p->attributes.n && p->attributes.v[0].uids[3];
}

static const struct cr_process_image *least(const struct cr_image *img)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++)
		if (!img->processes.v[i].process.zombie && has_less(&img->processes.v[i]))
			return &img->processes.v[i];
	return NULL;
}

/* Who has one: the first, or the first that is root. */
static void rights_holds(const struct cr_process_image **of, const struct cr_process_image *p)
{
	if (!*of || !has_less(p))
		*of = p;
}

static void holds_inode(struct cr_restore *r, uint64_t dev, uint64_t inode,
			const struct cr_process_image *p)
{
	int i = cr_inode_index(r->img, dev, inode);

	if (i >= 0)
		rights_holds(&r->inode_of[i], p);
}

static void of_process(struct cr_restore *r, const struct cr_process_image *p)
{
	size_t k, j;
	int d;

	for (k = 0; k < p->fds.n; k++) {
		for (j = 0; j < p->fds.v[k].fds_count; j++) {
			d = cr_description_index(r->img, p->fds.v[k].descriptions[j]);
			if (d < 0)
				continue;
			rights_holds(&r->description_of[d], p);
			holds_inode(r, r->img->descriptions.v[d].dev,
				    r->img->descriptions.v[d].inode, p);
		}
	}
	for (k = 0; k < p->vmas.n; k++)
		if (p->vmas.v[k].kind == cairn_VmaKind_VMA_FILE)
			holds_inode(r, p->vmas.v[k].dev, p->vmas.v[k].inode, p);
	if (p->process.exe_deleted)
		holds_inode(r, p->process.exe_dev, p->process.exe_inode, p);
	if (p->process.cwd_deleted)
		holds_inode(r, p->process.cwd_dev, p->process.cwd_inode, p);
}

/* Of the file beside which it lies. */
static const struct cr_process_image *of_companion(const struct cr_restore *r, const char *path)
{
	size_t i, k, n;

	for (i = 0; i < r->img->inodes.n; i++) {
		const char *other = r->img->inodes.v[i].path;

		n = strlen(other);
		if (!r->inode_of[i] || !n || strncmp(path, other, n))
			continue;
		for (k = 0; cr_companions[k]; k++)
			if (!strcmp(path + n, cr_companions[k]))
				return r->inode_of[i];
	}
	return NULL;
}

int cr_rights_find(struct cr_restore *r)
{
	const struct cr_process_image *none = geteuid() ? NULL : least(r->img), *of;
	size_t i;

	r->description_of = calloc(r->img->descriptions.n + 1, sizeof(*r->description_of));
	r->inode_of = calloc(r->img->inodes.n + 1, sizeof(*r->inode_of));
	if (!r->description_of || !r->inode_of)
		return -ENOMEM;
	/* All of them are root, or none of us is. */
	if (!none)
		return 0;
	for (i = 0; i < r->img->processes.n; i++)
		of_process(r, &r->img->processes.v[i]);
	for (i = 0; i < r->img->descriptions.n; i++)
		if (!r->description_of[i])
			r->description_of[i] = none;
	for (i = 0; i < r->img->inodes.n; i++) {
		if (r->inode_of[i])
			continue;
		of = of_companion(r, r->img->inodes.v[i].path);
		r->inode_of[i] = of ? of : none;
	}
	return 0;
}

static const struct cr_process_image *rights_as(const struct cr_process_image *p)
{
	return p && !geteuid() && has_less(p) ? p : NULL;
}

struct cr_behalf cr_behalf_of_description(const struct cr_restore *r, const cairn_Description *d)
{
	int i = cr_inode_index(r->img, d->dev, d->inode);

	return (struct cr_behalf){ rights_as(r->description_of[d - r->img->descriptions.v]),
				   i < 0 ? NULL : &r->img->inodes.v[i] };
}

struct cr_behalf cr_behalf_of_inode(const struct cr_restore *r, size_t index)
{
	return (struct cr_behalf){ rights_as(r->inode_of[index]), &r->img->inodes.v[index] };
}

struct cr_behalf cr_behalf_of_process(const struct cr_process_image *p)
{
	return (struct cr_behalf){ rights_as(p), NULL };
}

void cr_rights_free(struct cr_restore *r)
{
	free(r->description_of);
	free(r->inode_of);
	r->description_of = r->inode_of = NULL;
}
