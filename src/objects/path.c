// SPDX-License-Identifier: Apache-2.0
//
// O_PATH descriptors: a place in the file system, whatever is there.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "objects/object.h"

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return v->flags & O_PATH;
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	if (v->deleted)
		return cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"process %d holds the deleted %s with O_PATH (fd %d), which cannot be "
			"made again; close it",
			v->pid, v->link, v->number);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	cairn_Description copy = *d;

	copy.flags = O_PATH | (d->flags & (O_NOFOLLOW | O_DIRECTORY));
	return cr_reopen(d->path, &copy, err);
}

const struct cr_object cr_object_path = {
	.kind = cairn_ObjectKind_OBJECT_PATH,
	.name = "O_PATH",
	.match = match,
	.save = save,
	.restore = restore,
};
