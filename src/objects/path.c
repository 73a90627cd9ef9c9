// SPDX-License-Identifier: Apache-2.0
//
// O_PATH descriptors: a place in the file system, whatever is there.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "objects/object.h"

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return v->flags & O_PATH;
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	cairn_Inode *m;
	ssize_t n;

	d->deleted = v->deleted;
	if (cr_is_kernels(v->link)) {
		/* As it is. */
	} else if (v->deleted && (S_ISREG(v->st.st_mode) || S_ISDIR(v->st.st_mode) ||
				  S_ISFIFO(v->st.st_mode) || S_ISLNK(v->st.st_mode))) {
		m = cr_inode_note(s, v->fd, &v->st, v->link, true, 0);
		if (!m)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->link);
		n = readlinkat(v->fd, "", m->target, sizeof(m->target) - 1);
		m->target[n < 0 ? 0 : n] = 0;
	} else if (v->deleted) {
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d holds the deleted %s with O_PATH (fd %d), which cannot "
			       "be made again; close it; the job goes on",
			       v->pid, v->link, v->number);
	}
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	cairn_Description copy = *d;
	int i = cr_inode_index(r->img, d->dev, d->inode);

	copy.flags = O_PATH | (d->flags & (O_NOFOLLOW | O_DIRECTORY));
	if (i >= 0 && r->inode_fd[i] >= 0 && S_ISLNK(r->img->inodes.v[i].mode))
		return fcntl(r->inode_fd[i], F_DUPFD_CLOEXEC, 3);
	if (cr_when_of_path(d) == CR_LATE)
		return cr_reopen_proc(r, &copy, err);
	return cr_reopen_any(r, d, &copy, err);
}

const struct cr_object cr_object_path = {
	.kind = cairn_ObjectKind_OBJECT_PATH,
	.name = "O_PATH",
	.when_of = cr_when_of_path,
	.match = match,
	.save = save,
	.restore = restore,
};
