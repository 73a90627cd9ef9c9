// SPDX-License-Identifier: Apache-2.0
//
// Open directories, with their position.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "objects/object.h"

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISDIR(v->st.st_mode);
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	if (v->deleted)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has the deleted directory %s open (fd %d), which cannot "
			       "be made again; close it",
			       v->pid, v->link, v->number);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	d->offset = lseek(v->fd, 0, SEEK_CUR);
	return 0;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int fd = cr_reopen(d->path, d, err);

	if (fd >= 0)
		lseek(fd, d->offset, SEEK_SET);
	return fd;
}

const struct cr_object cr_object_directory = {
	.kind = cairn_ObjectKind_OBJECT_DIRECTORY,
	.name = "directory",
	.match = match,
	.save = save,
	.restore = restore,
};
