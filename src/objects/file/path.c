// SPDX-License-Identifier: Apache-2.0
//
// O_PATH descriptors: a place in the file system, whatever is there.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/reopen.h"
#include "objects/file/inode.h"
#include "objects/file/namespace.h"
#include "objects/shape/shape.h"

static bool path_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return v->flags & O_PATH;
}

static int path_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		     struct cr_err *err)
{
	cairn_Inode *m;
	ssize_t n;

	if (cr_namespace_path(s, v, d->path, sizeof(d->path)))
		return 0;
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
	/* By way of /proc also what has no name may be held so. */
	if (v->link[0] != '/' && !S_ISFIFO(v->st.st_mode) && !cr_is_kernels(v->link))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d holds %s with O_PATH (fd %d), which cannot be made "
			       "again; close it; the job goes on",
			       v->pid, v->link, v->number);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

/* The job's pipe; or if nobody has an end of it, any other. */
static int hold_pipe(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int ends[2] = { -1, -1 }, fd, end = -1;
	size_t i;

	for (i = 0; i < r->img->pipes.n && end < 0; i++)
		if (r->img->pipes.v[i].inode == d->inode && !r->img->pipes.v[i].path[0])
			end = r->pipe_fd[i][0];
	if (end < 0 && pipe2(ends, O_CLOEXEC))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot make a pipe");
	fd = open(cr_fd_path(end < 0 ? ends[0] : end).text, O_PATH | O_CLOEXEC);
	if (fd < 0)
		cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot open a pipe again");
	cr_close_fd(&ends[0]);
	cr_close_fd(&ends[1]);
	return fd < 0 ? -EIO : fd;
}

static int path_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	cairn_Description copy = *d;
	int i = cr_inode_index(r->img, d->dev, d->inode);

	if (!strncmp(d->path, "pipe:[", 6))
		return hold_pipe(r, d, err);
	copy.flags = O_PATH | (d->flags & (O_NOFOLLOW | O_DIRECTORY));
	if (cr_hostname_fd(r, d->inode) >= 0 || !strncmp(d->path, "/proc/self/ns/", 14))
		return cr_namespace_open(r, &copy, err);
	if (i >= 0 && r->inode_fd[i] >= 0 && S_ISLNK(r->img->inodes.v[i].mode))
		return fcntl(r->inode_fd[i], F_DUPFD_CLOEXEC, 3);
	if (cr_when_of_path(d) == CR_LATE)
		return cr_reopen_proc(r, &copy, err);
	return cr_reopen_any(r, d, &copy, err);
}

const struct cr_object cr_object_path = {
	.shape = &cr_shape_path,
	.when_of = cr_when_of_path,
	.match = path_match,
	.save = path_save,
	.restore = path_restore,
	.examine = cr_path_examine,
	.lacks = "folder",
};
