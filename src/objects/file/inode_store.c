// SPDX-License-Identifier: Apache-2.0
//
// What a save stores of the files that it has noted: which policy each gets, its content, and
// whether a file that lost the name by which it was opened has another one. Runs in the shepherd
// while the job stands still; the job's own offsets and leases stay as they are.
#include "objects/file/inode_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/kernels.h"
#include "objects/core/policy.h"
#include "objects/core/reach.h"
#include "objects/file/folder.h"
#include "objects/file/inode.h"
#include "objects/shape/shapes.h"

#define PIECE (4ul << 20)
/* How many names are looked at for another one of a file. */
#define SEARCH 50000
/*
 * One that is only appended to is stored as well up to this size: what is written under another
 * name and then renamed is gone at a restart, and so are logs on another machine.
 */
#define SMALL (1ul << 20)

/* ---- another name of a file that lost one ---- */

struct inode_store_search {
	const cairn_Inode *m;
	char *found; /* CR_PATH_MAX */
	unsigned int left;
};

static bool is_it(const struct inode_store_search *f, const char *path)
{
	struct stat st;

	return !lstat(path, &st) && st.st_dev == f->m->dev && st.st_ino == f->m->inode;
}

static bool inode_store_search(struct inode_store_search *f, const char *dir, int depth)
{
	cr_auto_dir *d = opendir(dir);
	char path[CR_PATH_MAX];
	struct dirent *e;
	bool found = false;

	while (!found && f->left && (e = cr_next_entry(d))) {
		f->left--;
		if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path))
			continue;
		if (e->d_type == DT_DIR)
			found = depth && inode_store_search(f, path, depth - 1);
		else if (e->d_ino == f->m->inode && is_it(f, path))
			found = snprintf(f->found, CR_PATH_MAX, "%s", path) > 0;
	}
	return found;
}

/* Where it was, then below there, then one up. The kernel cannot be asked without privilege. */
static bool find_other_name(const cairn_Inode *m, char out[CR_PATH_MAX])
{
	struct inode_store_search f = { m, out, SEARCH };
	char dir[CR_PATH_MAX], *slash;
	int up;

	snprintf(dir, sizeof(dir), "%s", m->path);
	for (up = 0; up < 2; up++) {
		slash = strrchr(dir, '/');
		if (!slash || slash == dir)
			break;
		*slash = 0;
		if (inode_store_search(&f, dir, 0) || inode_store_search(&f, dir, 8))
			return true;
	}
	return false;
}

/* ---- content ---- */

struct source {
	struct cr_save *s;
	cairn_Inode *m;
	int fd;
	char *buf;
};

static int store_extent(struct source *f, off_t from, off_t to, struct cr_err *err)
{
	int ret = 0;

	while (from < to && !ret) {
		size_t len = (size_t)(to - from) < PIECE ? (size_t)(to - from) : PIECE;
		cairn_Extent x = { .position = from, .inode = f->m->id, .has_blob = true };

		ret = cr_read_at(f->fd, f->buf, len, from);
		if (ret)
			return cr_fail(err, CR_EXIT_IO, -ret, "cannot read %s", f->m->path);
		ret = cr_image_blob(f->s->writer, f->buf, len, &x.blob, err);
		if (!ret)
			ret = cr_image_record(f->s->writer, cairn_RecordType_RECORD_EXTENT, &x,
					      err);
		from += len;
	}
	return ret;
}

static int store_extents(struct source *f, struct cr_err *err)
{
	off_t from = 0, to, size = f->m->size;
	int ret = 0;

	while (!ret && from < size) {
		from = lseek(f->fd, from, SEEK_DATA);
		if (from < 0 || from >= size)
			break;
		to = lseek(f->fd, from, SEEK_HOLE);
		if (to < 0 || to > size)
			to = size;
		ret = store_extent(f, from, to, err);
		from = to;
	}
	return ret;
}

/*
 * To read from. The job's own description where it can be read, since to open a file breaks a lease
 * on it and tells whoever watches it.
 */
static int inode_store_open_source(const struct cr_saved_inode *e)
{
	mode_t mode = e->m.mode & 07777;
	int fd;

	if (cr_inode_readable(e->fd))
		return fcntl(e->fd, F_DUPFD_CLOEXEC, 0);
	if (e->leased) {
		errno = EACCES;
		return -1;
	}
	/* Not waiting for a lease that is being broken. */
	fd = open(cr_fd_path(e->fd).text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == EWOULDBLOCK)
		errno = EACCES;
	/* Opened for writing by someone whose mode keeps him from reading: it is still his. */
	if (fd < 0 && errno == EACCES && e->m.uid == geteuid() && !fchmod(e->fd, mode | 0400)) {
		fd = open(cr_fd_path(e->fd).text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		fchmod(e->fd, mode);
		if (fd < 0)
			errno = EACCES;
	}
	return fd;
}

static int store_xattrs(struct cr_save *s, const struct cr_saved_inode *e, struct cr_err *err)
{
	ssize_t n = flistxattr(e->fd, NULL, 0);
	cr_auto_free char *names = n > 0 ? malloc(n) : NULL;
	cr_auto_free cairn_Xattr *x = n > 0 ? calloc(1, sizeof(*x)) : NULL;
	const char *name;
	int ret = 0;

	if (!names || !x)
		return 0;
	n = flistxattr(e->fd, names, n);
	for (name = names; name < names + (n > 0 ? n : 0) && !ret; name += strlen(name) + 1) {
		ssize_t len = fgetxattr(e->fd, name, x->value.bytes, sizeof(x->value.bytes));

		if (len < 0)
			continue;
		x->inode = e->m.id;
		x->value.size = len;
		snprintf(x->name, sizeof(x->name), "%s", name);
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_XATTR, x, err);
	}
	return ret;
}

static int inode_store_content(struct cr_save *s, struct cr_saved_inode *e, struct cr_err *err)
{
	cr_auto_free char *buf = malloc(PIECE);
	cr_auto_fd fd = inode_store_open_source(e);
	struct source f = { s, &e->m, fd, buf };
	off_t at;
	int ret, flags;

	/* One that may be written but not read keeps what it has. */
	if (fd < 0 && errno == EACCES && e->m.policy != cairn_FilePolicy_FILE_DELETED) {
		if (e->m.policy == cairn_FilePolicy_FILE_RESTORE)
			e->m.policy = cairn_FilePolicy_FILE_KEEP;
		return 0;
	}
	if (fd < 0 || !buf)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot read %s to save its content",
			       e->m.path);
	e->m.stored = true;
	/* It may be the job's own description. */
	at = lseek(fd, 0, SEEK_CUR);
	flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_NOATIME);
	ret = store_extents(&f, err);
	lseek(fd, at, SEEK_SET);
	fcntl(fd, F_SETFL, flags);
	return ret ? ret : store_xattrs(s, e, err);
}

static int decide(struct cr_save *s, struct cr_saved_inode *e, struct cr_err *err)
{
	cairn_Inode *m = &e->m;
	char other[CR_PATH_MAX];

	if (cr_is_kernels(m->path)) {
		m->policy = cairn_FilePolicy_FILE_KEEP;
		return 0;
	}
	if (!e->named && e->links && S_ISREG(m->mode) && !m->linkable) {
		if (!find_other_name(m, other))
			return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				       "the file that was opened as %s has lost that name and has "
				       "another one somewhere, which cannot be found: make it one "
				       "in the same directory; the job goes on",
				       m->path);
		snprintf(m->path, sizeof(m->path), "%s", other);
		e->named = true;
	}
	if (!e->named) {
		m->policy = cairn_FilePolicy_FILE_DELETED;
		return 0;
	}
	if (S_ISDIR(m->mode))
		return 0;
	if (cr_file_rule(s->rules, m->path, &m->policy))
		return 0;
	/* A file on tmpfs is memory, however large. */
	if (m->policy == cairn_FilePolicy_FILE_RESTORE && m->size > s->file_limit &&
	    !cr_is_tmpfs(e->fd))
		m->policy = cairn_FilePolicy_FILE_KEEP;
	return 0;
}

static bool must_store(const struct cr_saved_inode *e)
{
	if (!S_ISREG(e->m.mode) || cr_is_kernels(e->m.path))
		return false;
	if (e->m.policy == cairn_FilePolicy_FILE_TRUNCATE && e->named && e->m.size <= SMALL)
		return true;
	return e->m.policy == cairn_FilePolicy_FILE_RESTORE ||
	       e->m.policy == cairn_FilePolicy_FILE_DELETED || cr_is_tmpfs(e->fd);
}

/* Above sockets and FIFOs, which are made again as well. */
static int note_folders(struct cr_save *s, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < s->descriptions.n && !ret; i++) {
		const cairn_Description *d = &s->descriptions.v[i]->m;
		const struct cr_shape *shape = cr_shape_of(d->kind);

		if (d->path[0] == '/' && !d->deleted && shape && shape->in_folder)
			ret = cr_folders_note(s, d->path, err);
	}
	return ret;
}

/*
 * SQLite closes its journal and then unlinks it: at that moment nobody has open what must be there
 * when the job goes on. One too large to be stored is left to be set aside.
 */
static int note_companions(struct cr_save *s, size_t of, struct cr_err *err)
{
	char path[CR_PATH_MAX + 16];
	struct stat st;
	size_t i;

	for (i = 0; cr_companions[i]; i++) {
		cr_auto_fd fd = -1;

		snprintf(path, sizeof(path), "%s%s", s->inodes.v[of].m.path, cr_companions[i]);
		if (strlen(path) >= CR_PATH_MAX || lstat(path, &st) || !S_ISREG(st.st_mode) ||
		    (uint64_t)st.st_size > s->file_limit || cr_inode_noted(s, st.st_dev, st.st_ino))
			continue;
		/* Not waiting for a lease that is being broken; nor another's, linked there. */
		fd = cr_reach_open(path, O_RDONLY | O_NONBLOCK, S_IFREG);
		if (fd >= 0 && !fstat(fd, &st) && st.st_uid == s->inodes.v[of].m.uid &&
		    !cr_inode_note(s, fd, &st, path, false, cairn_FilePolicy_FILE_RESTORE))
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", path);
	}
	return 0;
}

int cr_inodes_store(struct cr_save *s, struct cr_err *err)
{
	int ret = note_folders(s, err);
	size_t i;

	for (i = 0; i < s->inodes.n && !ret; i++) {
		struct cr_saved_inode *e = &s->inodes.v[i];
		uint64_t hint = 0;

		ret = decide(s, e, err);
		if (!ret && e->m.policy == cairn_FilePolicy_FILE_RESTORE && S_ISREG(e->m.mode)) {
			ret = note_companions(s, i, err);
			/* The list may have moved. */
			e = &s->inodes.v[i];
		}
		if (!ret && S_ISREG(e->m.mode) && !fcntl(e->fd, F_GET_RW_HINT, &hint))
			e->m.write_hint = hint;
		if (!ret && must_store(e))
			ret = inode_store_content(s, e, err);
		else if (!ret && S_ISDIR(e->m.mode))
			ret = store_xattrs(s, e, err);
		if (!ret)
			ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INODE, &e->m, err);
		if (!ret && e->named && e->m.stored)
			ret = cr_folders_note(s, e->m.path, err);
	}
	return ret;
}
