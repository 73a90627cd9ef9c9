// SPDX-License-Identifier: Apache-2.0
//
// Open directories, with their position.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "objects/core/kernels.h"
#include "objects/core/reopen.h"
#include "objects/file/inode.h"
#include "objects/shape/shape.h"

static bool directory_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISDIR(v->st.st_mode);
}

static int directory_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			  struct cr_err *err)
{
	d->deleted = v->deleted;
	if (v->deleted && !cr_is_kernels(v->link) &&
	    !cr_inode_note(s, v->fd, &v->st, v->link, true, 0))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->link);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	d->offset = lseek(v->fd, 0, SEEK_CUR);
	return 0;
}

static int directory_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int fd;

	if (cr_when_of_path(d) == CR_LATE)
		return cr_reopen_proc(r, d, err);
	fd = cr_reopen_any(r, d, d, err);
	if (fd >= 0)
		lseek(fd, d->offset, SEEK_SET);
	return fd;
}

const struct cr_object cr_object_directory = {
	.shape = &cr_shape_directory,
	.when_of = cr_when_of_path,
	.match = directory_match,
	.save = directory_save,
	.restore = directory_restore,
	.examine = cr_path_examine,
	.lacks = "folder",
};
