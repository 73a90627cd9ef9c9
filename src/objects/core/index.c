// SPDX-License-Identifier: Apache-2.0
//
// Finding what belongs together in an image, by its numbers, and the row of a kind.
#include "objects/core/index.h"

#include <errno.h>

#include "objects/shape/shape.h"

const struct cr_object *cr_object_of(const struct cr_object *const *kinds, cairn_ObjectKind kind)
{
	for (; *kinds; kinds++)
		if ((*kinds)->restore && (*kinds)->shape->kind == kind)
			return *kinds;
	return NULL;
}

int cr_first_number(const struct cr_image *img, pid_t pid, uint32_t id)
{
	size_t i, k, j;

	for (i = 0; i < img->processes.n; i++) {
		const struct cr_process_image *p = &img->processes.v[i];

		for (k = 0; p->process.pid == pid && k < p->fds.n; k++)
			for (j = 0; j < p->fds.v[k].fds_count; j++)
				if (p->fds.v[k].descriptions[j] == id)
					return p->fds.v[k].fds[j];
	}
	return -1;
}

int cr_description_index(const struct cr_image *img, uint32_t id)
{
	/* They are written in the order of their ids. */
	size_t at = CR_FIRST_NOT(i, 0, img->descriptions.n, img->descriptions.v[i].id < id);

	return at < img->descriptions.n && img->descriptions.v[at].id == id ? (int)at : -ENOENT;
}

int cr_inode_index(const struct cr_image *img, uint64_t dev, uint64_t inode)
{
	size_t i;

	for (i = 0; i < img->inodes.n; i++)
		if (img->inodes.v[i].dev == dev && img->inodes.v[i].inode == inode)
			return i;
	return -ENOENT;
}

pid_t cr_restored_pid(const struct cr_restore *r, pid_t id)
{
	return r->virtual_ids ? cr_id_real(r->ids, CR_ID_PROCESS, id) : id;
}

void cr_restored_as(struct cr_restore *r, enum cr_id_kind kind, int id, int now)
{
	if (r->virtual_ids)
		cr_ids_add(r->ids, kind, id, now);
}
