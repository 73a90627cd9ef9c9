// SPDX-License-Identifier: Apache-2.0
//
// Contents and attributes of files from the image into files. Runs in the shepherd of a restart.
// What is made anew is filled before any process exists; what is there already changes last, and
// room for it is reserved first, so that a full disk is met while all files are as they were.
#include "objects/file/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/image_read.h"
#include "objects/core/object.h"
#include "objects/core/reach.h"

static int write_zeros(int fd, uint64_t from, uint64_t to)
{
	static const char zeros[CR_PAGE];

	for (; from < to; from += sizeof(zeros))
		if (cr_write_at(fd, zeros, to - from < sizeof(zeros) ? to - from : sizeof(zeros),
				from))
			return -EIO;
	return 0;
}

/* The file's first extent and the one behind its last: they stand together. */
static void extents_of(const struct cr_image *img, const cairn_Inode *m, size_t *from, size_t *to)
{
	for (*from = 0; *from < img->extents.n && img->extents.v[*from].inode != m->id; ++*from)
		;
	for (*to = *from; *to < img->extents.n && img->extents.v[*to].inode == m->id; ++*to)
		;
}

static int content_failed(const cairn_Inode *m, int error, struct cr_err *err)
{
	return cr_fail(err, error == ENOSPC || error == EDQUOT ? CR_EXIT_IO : CR_EXIT_CHANGED,
		       error, "cannot put back %s", m->path);
}

int cr_content_reserve(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err)
{
	size_t i, to;

	for (extents_of(r->img, m, &i, &to); i < to; i++) {
		const cairn_Extent *x = &r->img->extents.v[i];

		if (x->blob.size && fallocate(fd, FALLOC_FL_KEEP_SIZE, x->position, x->blob.size) &&
		    (errno == ENOSPC || errno == EDQUOT))
			return content_failed(m, errno, err);
	}
	return 0;
}

int cr_content_put(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err)
{
	size_t first, last, i;
	uint64_t at = 0;
	int ret;

	extents_of(r->img, m, &first, &last);
	if (ftruncate(fd, m->size))
		return content_failed(m, errno, err);
	/* Holes are punched, not cut off: that would take private copies of pages along. */
	for (i = first; i <= last; i++) {
		uint64_t to = i < last ? r->img->extents.v[i].position : m->size;

		if (to > at &&
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, to - at) &&
		    write_zeros(fd, at, to))
			return content_failed(m, errno, err);
		if (i < last)
			at = to + r->img->extents.v[i].blob.size;
	}
	for (i = first; i < last; i++) {
		const cairn_Extent *x = &r->img->extents.v[i];
		cr_auto_free void *data = NULL;

		ret = cr_image_read_blob(r->img, &x->blob, &data, err);
		if (ret)
			return ret;
		ret = cr_write_at(fd, data, x->blob.size, x->position);
		if (ret)
			return content_failed(m, -ret, err);
	}
	return 0;
}

static struct timespec from_ns(int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	if (t.tv_nsec < 0) {
		t.tv_nsec += 1000000000;
		t.tv_sec--;
	}
	return t;
}

void cr_inode_times(const cairn_Inode *m, int fd)
{
	struct timespec t[2] = { from_ns(m->atime_ns), from_ns(m->mtime_ns) };

	/* By way of /proc, as it may be an O_PATH descriptor. */
	utimensat(AT_FDCWD, cr_fd_path(fd).text, t, 0);
}

void cr_inode_attributes(struct cr_restore *r, const cairn_Inode *m, int fd)
{
	const struct cr_fd_path path = cr_fd_path(fd);
	struct stat st;
	size_t i;

	cr_rights_for(m->path);
	/* As far as we may: what a file has besides its content keeps nobody from running. */
	if (!fstat(fd, &st) && (st.st_uid != m->uid || st.st_gid != m->gid))
		if (chown(path.text, m->uid, m->gid))
			cr_say("%s belongs to another user now", m->path);
	if (!S_ISLNK(m->mode))
		chmod(path.text, m->mode & 07777);
	for (i = 0; i < r->img->xattrs.n; i++) {
		const cairn_Xattr *x = &r->img->xattrs.v[i];

		if (x->inode == m->id)
			setxattr(path.text, x->name, x->value.bytes, x->value.size, 0);
	}
	cr_inode_times(m, fd);
	cr_rights_back();
}
