// SPDX-License-Identifier: Apache-2.0
//
// Regular files. A file is saved once however often it is open or mapped; what a restart does with
// its content follows from how the job uses it (proto: FilePolicy):
//   read only                      must be the same file
//   appended to                    cut back to its length at the checkpoint
//   written anywhere, or mapped    content put back, up to the file limit
//   deleted                        made again, and unlinked
// Contents change only in cr_inodes_apply(), after everything else of the restart has succeeded.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "objects/object.h"

#define MQUEUE_MAGIC 0x19800202

/* What programs keep beside a file and would take for newer truth than the file put back. */
static const char *const companions[] = { "-journal", "-wal", "-shm" };

static int64_t mtime_ns(const struct stat *st)
{
	return st->st_mtim.tv_sec * 1000000000ll + st->st_mtim.tv_nsec;
}

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	struct statfs fs;

	/* Namespaces and message queues look like files, but are none. */
	return S_ISREG(v->st.st_mode) && v->link[0] == '/' && !fstatfs(v->fd, &fs) &&
	       fs.f_type != MQUEUE_MAGIC && fs.f_type != NSFS_MAGIC;
}

/* Stronger policies come later in this order. */
static int strength(cairn_FilePolicy p)
{
	static const signed char order[] = { 0, 3, 2, 1, 4 };

	return order[p];
}

const cairn_Inode *cr_inode_noted(const struct cr_save *s, uint64_t dev, uint64_t inode)
{
	size_t i;

	for (i = 0; i < s->inodes.n; i++)
		if (s->inodes.v[i].m.dev == dev && s->inodes.v[i].m.inode == inode)
			return &s->inodes.v[i].m;
	return NULL;
}

cairn_Inode *cr_inode_note(struct cr_save *s, int fd, const struct stat *st, const char *path,
			   bool deleted, cairn_FilePolicy policy)
{
	struct cr_saved_inode *e;
	size_t i;

	for (i = 0; i < s->inodes.n; i++) {
		cairn_Inode *m = &s->inodes.v[i].m;

		if (m->dev != st->st_dev || m->inode != st->st_ino)
			continue;
		if (strength(policy) > strength(m->policy))
			m->policy = policy;
		return m;
	}
	e = cr_list_add(&s->inodes);
	if (!e)
		return NULL;
	e->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	e->m.id = ++s->next_id;
	e->m.dev = st->st_dev;
	e->m.inode = st->st_ino;
	e->m.size = st->st_size;
	e->m.mtime_ns = mtime_ns(st);
	e->m.mode = st->st_mode;
	e->m.policy = deleted ? cairn_FilePolicy_FILE_DELETED : policy;
	snprintf(e->m.path, sizeof(e->m.path), "%s", path);
	return &e->m;
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	cairn_FilePolicy policy = cairn_FilePolicy_FILE_RESTORE;
	cairn_Inode *m;

	if (!strncmp(v->link, "/proc/", 6) || !strncmp(v->link, "/sys/", 5))
		policy = cairn_FilePolicy_FILE_KEEP;
	d->offset = lseek(v->fd, 0, SEEK_CUR);
	if ((v->flags & O_ACCMODE) == O_RDONLY)
		policy = policy == cairn_FilePolicy_FILE_KEEP ? policy : cairn_FilePolicy_FILE_SAME;
	else if (v->flags & O_APPEND ||
		 ((v->flags & O_ACCMODE) == O_WRONLY && d->offset == (uint64_t)v->st.st_size))
		policy = cairn_FilePolicy_FILE_TRUNCATE;
	m = cr_inode_note(s, v->fd, &v->st, v->link, v->deleted, policy);
	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->link);
	d->object = m->id;
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

static int store_extent(struct cr_save *s, struct cr_saved_inode *e, int fd, off_t from, off_t to,
			char *buf, size_t room, struct cr_err *err)
{
	cairn_Inode *m = &e->m;

	while (from < to) {
		size_t len = (size_t)(to - from) < room ? (size_t)(to - from) : room;
		cairn_Extent *x = &m->extents[m->extents_count];
		int ret;

		if (m->extents_count == CR_ARRAY_SIZE(m->extents))
			return cr_fail(err, CR_EXIT_UNSUPPORTED, EFBIG,
				       "the file %s has too many pieces to be saved", m->path);
		ret = cr_read_at(fd, buf, len, from);
		if (ret)
			return cr_fail(err, CR_EXIT_IO, -ret, "cannot read %s", m->path);
		x->position = from;
		x->has_blob = true;
		ret = cr_image_blob(s->writer, buf, len, &x->blob, err);
		if (ret)
			return ret;
		m->extents_count++;
		from += len;
	}
	return 0;
}

static int store_content(struct cr_save *s, struct cr_saved_inode *e, struct cr_err *err)
{
	/* Few pieces however large the file is. */
	size_t room = e->m.size / 64 > (4u << 20) ? e->m.size / 64 : 4u << 20;
	cr_auto_free char *buf = malloc(room);
	cr_auto_fd fd = -1;
	off_t from = 0, to, size = e->m.size;
	char path[64];
	int ret = 0;

	/* Another description: the job's own position must not move, and it may be write-only. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", e->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* One that may be written but not read keeps what it has. */
	if (fd < 0 && errno == EACCES && e->m.policy == cairn_FilePolicy_FILE_RESTORE) {
		e->m.policy = cairn_FilePolicy_FILE_KEEP;
		return 0;
	}
	if (fd < 0 || !buf)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot read %s to save its content",
			       e->m.path);
	while (!ret && from < size) {
		from = lseek(fd, from, SEEK_DATA);
		if (from < 0 || from >= size)
			break;
		to = lseek(fd, from, SEEK_HOLE);
		if (to < 0 || to > size)
			to = size;
		ret = store_extent(s, e, fd, from, to, buf, room, err);
		from = to;
	}
	return ret;
}

int cr_inodes_store(struct cr_save *s, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < s->inodes.n && !ret; i++) {
		struct cr_saved_inode *e = &s->inodes.v[i];

		/* A file on tmpfs is memory, however large. */
		if (e->m.policy == cairn_FilePolicy_FILE_RESTORE && e->m.size > s->file_limit &&
		    !cr_is_tmpfs(e->fd))
			e->m.policy = cairn_FilePolicy_FILE_KEEP;
		if (e->m.policy == cairn_FilePolicy_FILE_RESTORE ||
		    e->m.policy == cairn_FilePolicy_FILE_DELETED)
			ret = store_content(s, e, err);
		if (!ret)
			ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INODE, &e->m, err);
	}
	return ret;
}

/* ---- restart ---- */

int cr_inode_index(const struct cr_image *img, uint64_t dev, uint64_t inode)
{
	size_t i;

	for (i = 0; i < img->inodes.n; i++)
		if (img->inodes.v[i].dev == dev && img->inodes.v[i].inode == inode)
			return i;
	return -ENOENT;
}

static int make_deleted(const cairn_Inode *m, struct cr_err *err)
{
	char path[CR_PATH_MAX];
	int fd, tries;

	/* Under its old name if that is free, so that /proc shows the same as before. */
	for (tries = 0; tries < 100; tries++) {
		if (snprintf(path, sizeof(path), tries ? "%s.cairn-%d-%d" : "%s", m->path, getpid(),
			     tries) >= (int)sizeof(path))
			break;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, m->mode & 07777);
		if (fd >= 0) {
			unlink(path);
			return fd;
		}
		if (errno != EEXIST)
			break;
	}
	return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot make the deleted file %s again",
		       m->path);
}

static int check_same(const struct cr_restore *r, const cairn_Inode *m, const struct stat *st,
		      struct cr_err *err)
{
	if (r->allow_changed || ((uint64_t)st->st_size == m->size && mtime_ns(st) == m->mtime_ns))
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, 0,
		       "the file %s, which the job reads, has changed since the checkpoint (put it "
		       "back, or give --allow-changed)",
		       m->path);
}

/* The new shepherd's own descriptor for a file, such as standard output: -1 if it has none. */
static int outside_fd(const struct cr_restore *r, const struct stat *st)
{
	unsigned int i;

	for (i = 0; i < r->outside->nslots; i++) {
		const struct cr_slot *s = &r->outside->slots[i];

		if (s->st.st_dev == st->st_dev && s->st.st_ino == st->st_ino)
			return s->fd;
	}
	return -1;
}

static int outside_inode(const struct cr_restore *r, const cairn_Inode *m)
{
	struct stat st = { .st_dev = m->dev, .st_ino = m->inode };

	return outside_fd(r, &st);
}

/* Standard output to a file that the shell has just emptied: it is to begin anew. */
static bool begun_anew(const struct cr_restore *r, const cairn_Inode *m, const struct stat *st)
{
	return (uint64_t)st->st_size < m->size && outside_fd(r, st) >= 0;
}

static int prepare(struct cr_restore *r, const cairn_Inode *m, int *out, struct cr_err *err)
{
	struct stat st;
	int fd;

	/* Of the kernel or of a process: nothing to check or make. */
	if (!strncmp(m->path, "/proc/", 6) || !strncmp(m->path, "/sys/", 5))
		return 0;
	if (m->policy == cairn_FilePolicy_FILE_DELETED) {
		*out = fd = make_deleted(m, err);
		return fd < 0 ? fd : 0;
	}
	if (stat(m->path, &st)) {
		/* Out of our reach, but not of whoever started us. */
		if (outside_inode(r, m) >= 0)
			return 0;
		if (m->policy != cairn_FilePolicy_FILE_RESTORE)
			return cr_fail(err, CR_EXIT_CHANGED, errno,
				       "the file %s, which the job has open, is missing", m->path);
		*out = open(m->path, O_RDWR | O_CREAT | O_CLOEXEC, m->mode & 07777);
		if (*out < 0)
			return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot make %s again",
				       m->path);
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return cr_fail(err, CR_EXIT_CHANGED, 0, "%s is no longer a regular file", m->path);
	if (begun_anew(r, m, &st))
		return 0;
	if (m->policy == cairn_FilePolicy_FILE_SAME)
		return check_same(r, m, &st, err);
	if (m->policy == cairn_FilePolicy_FILE_TRUNCATE && (uint64_t)st.st_size < m->size &&
	    !r->allow_changed)
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the file %s, to which the job appends, is shorter than at the "
			       "checkpoint (put it back, or give --allow-changed)",
			       m->path);
	return 0;
}

int cr_inodes_prepare(struct cr_restore *r, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->inodes.n && !ret; i++)
		ret = prepare(r, &r->img->inodes.v[i], &r->inode_fd[i], err);
	return ret;
}

static int write_zeros(int fd, uint64_t from, uint64_t to)
{
	static const char zeros[CR_PAGE];

	for (; from < to; from += sizeof(zeros))
		if (cr_write_at(fd, zeros, to - from < sizeof(zeros) ? to - from : sizeof(zeros),
				from))
			return -EIO;
	return 0;
}

static int put_back(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err)
{
	uint64_t at = 0;
	size_t i;
	int ret;

	if (ftruncate(fd, m->size))
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot put back %s", m->path);
	/* Holes are punched, not cut off: that would take private copies of pages along. */
	for (i = 0; i <= m->extents_count; i++) {
		uint64_t to = i < m->extents_count ? m->extents[i].position : m->size;

		if (to > at &&
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, to - at) &&
		    write_zeros(fd, at, to))
			return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot put back %s", m->path);
		if (i < m->extents_count)
			at = to + m->extents[i].blob.size;
	}
	for (i = 0; i < m->extents_count; i++) {
		cr_auto_free void *data = NULL;

		ret = cr_image_read_blob(r->img, &m->extents[i].blob, &data, err);
		if (ret)
			return ret;
		ret = cr_write_at(fd, data, m->extents[i].blob.size, m->extents[i].position);
		if (ret)
			return cr_fail(err, CR_EXIT_CHANGED, -ret, "cannot put back %s", m->path);
	}
	return 0;
}

static bool in_image(const struct cr_image *img, const char *path)
{
	size_t i;

	for (i = 0; i < img->inodes.n; i++)
		if (!strcmp(img->inodes.v[i].path, path))
			return true;
	return false;
}

static void set_aside_companions(struct cr_restore *r, const cairn_Inode *m)
{
	char path[CR_PATH_MAX + 16], aside[CR_PATH_MAX + 32];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(companions); i++) {
		snprintf(path, sizeof(path), "%s%s", m->path, companions[i]);
		snprintf(aside, sizeof(aside), "%s.cairn-stale", path);
		if (!in_image(r->img, path) && !rename(path, aside))
			cr_say("%s is newer than the checkpoint: renamed to %s", path, aside);
	}
}

static int cut_back(struct cr_restore *r, const cairn_Inode *m, const struct stat *st,
		    struct cr_err *err)
{
	int fd = outside_fd(r, st);

	/* The file may be one that only who started us may open. */
	if (truncate(m->path, m->size) && (fd < 0 || ftruncate(fd, m->size)))
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot cut %s back", m->path);
	return 0;
}

static int apply(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err)
{
	cr_auto_fd opened = -1;
	struct stat st;
	int ret;

	if (m->policy != cairn_FilePolicy_FILE_DELETED &&
	    (stat(m->path, &st) || begun_anew(r, m, &st)))
		return 0;
	if (m->policy == cairn_FilePolicy_FILE_TRUNCATE)
		return cut_back(r, m, &st, err);
	if (m->policy != cairn_FilePolicy_FILE_RESTORE &&
	    m->policy != cairn_FilePolicy_FILE_DELETED)
		return 0;
	if (fd < 0)
		fd = opened = open(m->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot put back %s", m->path);
	ret = put_back(r, m, fd, err);
	if (!ret && m->policy == cairn_FilePolicy_FILE_RESTORE)
		set_aside_companions(r, m);
	return ret;
}

int cr_inodes_apply(struct cr_restore *r, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->inodes.n && !ret; i++)
		ret = apply(r, &r->img->inodes.v[i], r->inode_fd[i], err);
	return ret;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int i = cr_inode_index(r->img, d->dev, d->inode), fd;
	const char *path = d->path;
	struct cr_err none = { 0 };
	struct stat st;
	char self[64];

	if (i >= 0 && stat(path, &st) && outside_inode(r, &r->img->inodes.v[i]) >= 0)
		return fcntl(outside_inode(r, &r->img->inodes.v[i]), F_DUPFD_CLOEXEC, 3);
	if (i >= 0 && r->inode_fd[i] < 0 && !stat(path, &st) && outside_fd(r, &st) >= 0) {
		bool anew = begun_anew(r, &r->img->inodes.v[i], &st);

		fd = anew ? -1 : cr_reopen(path, d, &none);
		if (fd < 0)
			fd = fcntl(outside_fd(r, &st), F_DUPFD_CLOEXEC, 3);
		if (!anew)
			lseek(fd, d->offset, SEEK_SET);
		return fd;
	}
	if (i >= 0 && r->inode_fd[i] >= 0) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", r->inode_fd[i]);
		path = self;
	}
	fd = cr_reopen(path, d, err);
	if (fd >= 0 && d->offset)
		lseek(fd, d->offset, SEEK_SET);
	return fd;
}

/* Files of /proc exist only once their process does. */
static enum cr_when when_of(const cairn_Description *d)
{
	return strncmp(d->path, "/proc/", 6) ? CR_EARLY : CR_OWN;
}

const struct cr_object cr_object_regular = {
	.kind = cairn_ObjectKind_OBJECT_REGULAR,
	.name = "regular file",
	.when_of = when_of,
	.match = match,
	.save = save,
	.restore = restore,
};
