// SPDX-License-Identifier: Apache-2.0
//
// Regular files. A file is saved once however often it is open or mapped; what a restart does with
// its content follows from how the job uses it (proto: FilePolicy), or from what the user said:
//   read only                      must be the same file
//   appended to                    cut back to its length at the checkpoint
//   written anywhere, or mapped    content put back, up to the file limit
//   deleted                        made again, and unlinked
// Contents change only in apply_all(), after everything else of the restart has succeeded.
#include "objects/file/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/outside.h"
#include "objects/core/policy.h"
#include "objects/core/reopen.h"
#include "objects/core/rights.h"
#include "objects/file/content.h"
#include "objects/file/folder.h"
#include "objects/file/ghost.h"
#include "objects/file/inode.h"
#include "objects/file/inode_store.h"
#include "objects/shape/shape.h"

#define MQUEUE_MAGIC 0x19800202

static bool regular_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	struct statfs fs;

	/* Namespaces and message queues look like files, but are none. */
	return S_ISREG(v->st.st_mode) && v->link[0] == '/' && !fstatfs(v->fd, &fs) &&
	       fs.f_type != MQUEUE_MAGIC && fs.f_type != NSFS_MAGIC;
}

/* What NFS makes of a file unlinked while it is open: a name that goes with its last user. */
bool cr_silly_renamed(int fd, const char *path)
{
	const char *leaf = strrchr(path, '/');
	struct statfs fs;
	struct stat st;

	return leaf && !strncmp(leaf, "/.nfs", 5) && !fstat(fd, &st) && st.st_nlink == 1 &&
	       !fstatfs(fd, &fs) && fs.f_type == NFS_SUPER_MAGIC;
}

/* An O_TMPFILE; when it was opened a second time only its name tells. */
static bool never_had_name(const struct cr_fd_view *v)
{
	const char *leaf = strrchr(v->link, '/');
	char name[32];

	snprintf(name, sizeof(name), "/#%llu", (unsigned long long)v->st.st_ino);
	return v->deleted && !v->st.st_nlink &&
	       ((v->flags & O_TMPFILE) == O_TMPFILE || (leaf && !strcmp(leaf, name)));
}

/* One more than the number by which whoever started the job gave it, 0 if he did not. */
static uint32_t regular_slot_of(const struct cr_outside *o, const struct cr_fd_view *v)
{
	uint32_t found = 0;
	unsigned int i;

	for (i = 0; i < o->nslots; i++) {
		const struct cr_slot *s = &o->slots[i];

		if (s->st.st_dev == v->st.st_dev && s->st.st_ino == v->st.st_ino &&
		    (!found || s->fd == v->number))
			found = s->fd + 1;
	}
	return found;
}

static int regular_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			struct cr_err *err)
{
	cairn_FilePolicy policy = cairn_FilePolicy_FILE_RESTORE;
	int lease = fcntl(v->fd, F_GETLEASE);
	struct cr_saved_inode *e;

	d->slot = s->outside ? regular_slot_of(s->outside, v) : 0;
	d->deleted = v->deleted || cr_silly_renamed(v->fd, v->link);
	d->offset = lseek(v->fd, 0, SEEK_CUR);
	if (cr_is_kernels(v->link))
		policy = cairn_FilePolicy_FILE_KEEP;
	else if ((v->flags & O_ACCMODE) == O_RDONLY)
		policy = cairn_FilePolicy_FILE_SAME;
	else if (v->flags & O_APPEND ||
		 ((v->flags & O_ACCMODE) == O_WRONLY && d->offset == (uint64_t)v->st.st_size))
		policy = cairn_FilePolicy_FILE_TRUNCATE;
	e = (void *)cr_inode_note(s, v->fd, &v->st, v->link, d->deleted, policy);
	if (!e)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", v->link);
	e->m.linkable |= never_had_name(v);
	if (lease == F_RDLCK || lease == F_WRLCK) {
		d->lease = lease + 1;
		e->leased = true;
	}
	d->object = e->m.id;
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 0;
}

/* ---- restart ---- */

static cairn_FilePolicy policy_of(const struct cr_restore *r, const cairn_Inode *m)
{
	cairn_FilePolicy policy = m->policy;

	/* Rules of the launch have been heard at the checkpoint; what is said now may differ. */
	if (policy != cairn_FilePolicy_FILE_DELETED && !S_ISDIR(m->mode))
		cr_file_rule(r->rules, m->path, &policy);
	return policy;
}

static int check_same(const struct cr_restore *r, const cairn_Inode *m, const struct stat *st,
		      struct cr_err *err)
{
	if (r->allow_changed ||
	    ((uint64_t)st->st_size == m->size && cr_stat_ns(&st->st_mtim) == m->mtime_ns))
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

/*
 * Output into a file that whoever started the job had opened for it, and that may not be opened
 * from here: the job goes on with the output that it is started with now.
 */
static bool is_out_of_reach(const struct cr_restore *r, const cairn_Inode *m)
{
	cr_auto_fd fd = -1;
	bool given = false;
	size_t i;

	for (i = 0; i < r->img->descriptions.n && !given; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];

		given = d->kind == cairn_ObjectKind_OBJECT_REGULAR && d->slot && d->dev == m->dev &&
			d->inode == m->inode && (d->flags & O_ACCMODE) != O_RDONLY;
	}
	if (!given || outside_inode(r, m) >= 0)
		return false;
	fd = cr_reach_open(m->path, O_WRONLY, S_IFREG);
	return fd < 0 && (errno == EACCES || errno == EPERM);
}

static int open_instead(const struct cr_restore *r, const cairn_Description *d)
{
	unsigned int i;

	for (i = 0; i < r->outside->nslots; i++)
		if (r->outside->slots[i].fd + 1 == (int)d->slot)
			return fcntl(r->outside->slots[i].fd, F_DUPFD_CLOEXEC, 3);
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Standard output to a file that the shell has just emptied: it is to begin anew. */
static bool begun_anew(const struct cr_restore *r, const cairn_Inode *m, const struct stat *st)
{
	return (uint64_t)st->st_size < m->size && outside_fd(r, st) >= 0;
}

static int regular_failed(const cairn_Inode *m, const char *what, struct cr_err *err)
{
	const char *hint = cr_reach_hint(errno);

	return cr_fail(err, CR_EXIT_CHANGED, hint[0] ? 0 : errno, "cannot %s %s%s", what, m->path,
		       hint);
}

/* Missing, and made anew: as it was, since there is nothing to compare it with. */
static int make_again(struct cr_restore *r, const cairn_Inode *m, int *out, struct cr_err *err)
{
	int fd = cr_reach_create(m->path, 0, 0600);

	if (fd < 0 && errno == ENOENT && cr_folders_make(r, m->path))
		fd = cr_reach_create(m->path, 0, 0600);
	if (fd < 0)
		return regular_failed(m, "make again", err);
	*out = fd;
	return cr_content_put(r, m, fd, err);
}

/* Whether the file is as it must be: 0; 1 if it is missing, and to be made again; or a failure. */
static int regular_judge(const struct cr_restore *r, const cairn_Inode *m, struct cr_err *err)
{
	cairn_FilePolicy policy = policy_of(r, m);
	struct stat st;

	if (cr_is_kernels(m->path) || policy == cairn_FilePolicy_FILE_DELETED || S_ISDIR(m->mode))
		return 0;
	if (policy == cairn_FilePolicy_FILE_RESTORE && !m->stored)
		return cr_fail(
			err, CR_EXIT_USAGE, 0,
			"the checkpoint has no content of %s to restore it from (give --file "
			"to crlaunch)",
			m->path);
	if (is_out_of_reach(r, m))
		return 0;
	if (cr_reach_stat(m->path, &st)) {
		if (cr_reach_hint(errno)[0])
			return regular_failed(m, "use", err);
		/* Out of our reach, but not of whoever started us. */
		if (errno != ENOENT && outside_inode(r, m) >= 0)
			return 0;
		if (!m->stored || errno != ENOENT)
			return cr_fail(err, CR_EXIT_CHANGED, errno,
				       "the file %s, which the job has open, is missing", m->path);
		return 1;
	}
	if (!S_ISREG(st.st_mode))
		return cr_fail(err, CR_EXIT_CHANGED, 0, "%s is no longer a regular file", m->path);
	if (begun_anew(r, m, &st))
		return 0;
	if (policy == cairn_FilePolicy_FILE_SAME)
		return check_same(r, m, &st, err);
	if (policy == cairn_FilePolicy_FILE_TRUNCATE && (uint64_t)st.st_size < m->size &&
	    !r->allow_changed)
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the file %s, to which the job appends, is shorter than at the "
			       "checkpoint (put it back, or give --allow-changed)",
			       m->path);
	return 0;
}

int cr_inode_check(const struct cr_restore *r, const cairn_Inode *m, struct cr_err *err)
{
	struct cr_behalf before = cr_on_behalf((struct cr_behalf){ NULL, m });
	int ret;

	if (r->inode_of)
		cr_on_behalf(cr_behalf_of_inode(r, m - r->img->inodes.v));
	ret = regular_judge(r, m, err);
	cr_on_behalf(before);
	return ret < 0 ? ret : 0;
}

/* Nobody can run what somebody may still write. */
static int close_for_writing(int *fd, const cairn_Inode *m, struct cr_err *err)
{
	int again = cr_reach_again(*fd, NULL, O_RDONLY);

	if (again < 0)
		return regular_failed(m, "make again", err);
	close(*fd);
	*fd = again;
	return 0;
}

static int regular_prepare(struct cr_restore *r, const cairn_Inode *m, int *out, struct cr_err *err)
{
	int ret;

	if (m->policy == cairn_FilePolicy_FILE_DELETED && !cr_is_kernels(m->path)) {
		ret = m->stored ? cr_content_put(r, m, *out, err) : 0;
		return ret || !cr_is_program(r->img, m) ? ret : close_for_writing(out, m, err);
	}
	ret = regular_judge(r, m, err);
	return ret > 0 ? make_again(r, m, out, err) : ret;
}

static int regular_begin(struct cr_restore *r, struct cr_err *err)
{
	int ret = cr_ghosts_make(r, err);
	size_t i;

	for (i = 0; i < r->img->inodes.n && !ret; i++) {
		struct cr_behalf before = cr_on_behalf(cr_behalf_of_inode(r, i));

		ret = regular_prepare(r, &r->img->inodes.v[i], &r->inode_fd[i], err);
		cr_on_behalf(before);
	}
	return ret;
}

/* Files that were made and turn out not to be needed. */
void cr_inodes_give_up(struct cr_restore *r)
{
	size_t i;

	for (i = 0; r->inode_fd && i < r->img->inodes.n; i++) {
		struct cr_behalf before = cr_on_behalf(cr_behalf_of_inode(r, i));

		if (r->inode_fd[i] >= 0 &&
		    r->img->inodes.v[i].policy != cairn_FilePolicy_FILE_DELETED)
			cr_reach_unlink(r->img->inodes.v[i].path);
		cr_on_behalf(before);
	}
	if (r->inode_fd)
		cr_folders_give_up(r);
}

static bool regular_in_image(const struct cr_image *img, const char *path)
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

	for (i = 0; cr_companions[i]; i++) {
		snprintf(path, sizeof(path), "%s%s", m->path, cr_companions[i]);
		snprintf(aside, sizeof(aside), "%s.cairn-stale", path);
		if (!regular_in_image(r->img, path) && !cr_reach_rename(path, aside))
			cr_say("%s is newer than the checkpoint: renamed to %s", path, aside);
	}
}

static int cut_back(struct cr_restore *r, const cairn_Inode *m, const struct stat *st,
		    struct cr_err *err)
{
	cr_auto_fd own = -1;
	int fd;

	if ((uint64_t)st->st_size == m->size)
		return 0;
	own = cr_reach_open(m->path, O_WRONLY, S_IFREG);
	/* The file may be one that only who started us may open. */
	fd = own < 0 && !cr_reach_hint(errno)[0] ? outside_fd(r, st) : own;
	return fd < 0 || ftruncate(fd, m->size) ? regular_failed(m, "cut back", err) : 0;
}

static int regular_put_back(struct cr_restore *r, const cairn_Inode *m, bool reserve,
			    struct cr_err *err)
{
	cr_auto_fd fd = cr_reach_open(m->path, O_RDWR, S_IFREG);
	int ret;

	if (fd < 0)
		return regular_failed(m, "put back", err);
	if (reserve)
		return cr_content_reserve(r, m, fd, err);
	ret = cr_content_put(r, m, fd, err);
	if (!ret)
		cr_inode_times(m, fd);
	if (!ret)
		set_aside_companions(r, m);
	return ret;
}

static int regular_apply(struct cr_restore *r, const cairn_Inode *m, int fd, bool reserve,
			 struct cr_err *err)
{
	cairn_FilePolicy policy = policy_of(r, m);
	struct stat st;

	/* Only now, since the mode may be one that lets nobody open it. */
	if (fd >= 0 && !reserve)
		cr_inode_attributes(r, m, fd);
	if (fd >= 0 || cr_reach_stat(m->path, &st) || begun_anew(r, m, &st) ||
	    is_out_of_reach(r, m))
		return 0;
	if (policy == cairn_FilePolicy_FILE_RESTORE)
		return regular_put_back(r, m, reserve, err);
	if (policy == cairn_FilePolicy_FILE_TRUNCATE && !reserve)
		return cut_back(r, m, &st, err);
	return 0;
}

static int apply_all(struct cr_restore *r, struct cr_err *err)
{
	int ret = 0, reserve;
	size_t i;

	for (reserve = 1; reserve >= 0; reserve--)
		for (i = 0; i < r->img->inodes.n && !ret; i++) {
			struct cr_behalf before = cr_on_behalf(cr_behalf_of_inode(r, i));

			ret = regular_apply(r, &r->img->inodes.v[i], r->inode_fd[i], reserve, err);
			cr_on_behalf(before);
		}
	/* Closing a file is something that can be watched. */
	for (i = 0; i < r->img->inodes.n; i++)
		cr_close_fd(&r->inode_fd[i]);
	return ret;
}

int cr_inode_open(const struct cr_restore *r, size_t i, int flags)
{
	const char *path = r->img->inodes.v[i].path;
	int fd = r->inode_fd[i] >= 0 ? cr_reach_again(r->inode_fd[i], path, flags) :
				       cr_reach_open(path, flags, S_IFREG);

	return fd < 0 ? -errno : fd;
}

/* The name that it was opened by is gone, but it has another: that one is lent to it. */
static int open_by_other_name(struct cr_restore *r, const cairn_Inode *m,
			      const cairn_Description *d, struct cr_err *err)
{
	bool lent = !cr_reach_link(m->path, d->path);
	int fd = cr_reopen(r, -1, lent ? d->path : m->path, d, err);

	if (lent)
		cr_reach_unlink(d->path);
	return fd;
}

/* One that the new shepherd itself has open, such as standard output. */
static int open_outside(struct cr_restore *r, const cairn_Description *d, const cairn_Inode *m,
			const struct stat *st)
{
	bool anew = begun_anew(r, m, st);
	struct cr_err none = { 0 };
	int fd = anew ? -1 : cr_reopen(r, -1, d->path, d, &none);

	return fd < 0 ? fcntl(outside_fd(r, st), F_DUPFD_CLOEXEC, 3) : fd;
}

/* Output that was at the end of a file which is to stay as it is goes on at its end. */
static uint64_t regular_offset_of(const struct cr_restore *r, const cairn_Description *d,
				  const cairn_Inode *m, int fd)
{
	struct stat st;

	if (m && (d->flags & O_ACCMODE) == O_WRONLY && d->offset == m->size &&
	    policy_of(r, m) == cairn_FilePolicy_FILE_KEEP && !fstat(fd, &st) && S_ISREG(st.st_mode))
		return st.st_size;
	return d->offset;
}

/* It had more names than the one that it was made again under. */
static int name_again(const cairn_Description *d, const cairn_Inode *m, struct cr_err *err)
{
	if (d->deleted || !strcmp(d->path, m->path) || !cr_reach_link(m->path, d->path) ||
	    errno == EEXIST)
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot make %s again", d->path);
}

#define CAN_BE_SET (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC)

/* Only one description of a file has O_TMPFILE, and only from making it: -1 if it is another. */
static int take_made(int at, const cairn_Description *d)
{
	int flags = at < 0 ? 0 : fcntl(at, F_GETFL), fd;

	if ((d->flags & O_TMPFILE) != O_TMPFILE || (flags ^ (int)d->flags) & ~CAN_BE_SET)
		return -1;
	fd = fcntl(at, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || fcntl(fd, F_SETFL, d->flags & ~O_ASYNC)) {
		cr_close_fd(&fd);
		return -1;
	}
	lseek(fd, d->offset, SEEK_SET);
	return fd;
}

static int regular_reopen(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int i = cr_inode_index(r->img, d->dev, d->inode), at = i < 0 ? -1 : r->inode_fd[i], fd;
	const cairn_Inode *m = i < 0 ? NULL : &r->img->inodes.v[i];
	struct stat st;

	if (m && at < 0 && d->slot && is_out_of_reach(r, m)) {
		cr_say("%s may not be opened: the job goes on with what is open as %u here",
		       d->path, d->slot - 1);
		return open_instead(r, d);
	}
	if (m && at < 0 && cr_reach_stat(d->path, &st)) {
		/* A file that is missing left its number to anyone. */
		if (errno != ENOENT && !cr_reach_hint(errno)[0] && outside_inode(r, m) >= 0)
			return fcntl(outside_inode(r, m), F_DUPFD_CLOEXEC, 3);
	} else if (m && at < 0 && outside_fd(r, &st) >= 0) {
		fd = open_outside(r, d, m, &st);
		if (fd >= 0 && !begun_anew(r, m, &st))
			lseek(fd, regular_offset_of(r, d, m, fd), SEEK_SET);
		return fd;
	}
	if (at >= 0 && name_again(d, m, err))
		return -EACCES;
	fd = take_made(at, d);
	if (fd >= 0)
		return fd;
	fd = m && d->deleted && at < 0 ? open_by_other_name(r, m, d, err) :
					 cr_reopen(r, at, d->path, d, err);
	if (fd >= 0 && d->offset)
		lseek(fd, regular_offset_of(r, d, m, fd), SEEK_SET);
	return fd;
}

static int regular_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int i = cr_inode_index(r->img, d->dev, d->inode);
	uint64_t hint = i < 0 ? 0 : r->img->inodes.v[i].write_hint;
	int fd = cr_when_of_path(d) == CR_EARLY ? regular_reopen(r, d, err) :
						  cr_reopen_proc(r, d, err);

	if (fd >= 0 && hint)
		fcntl(fd, F_SET_RW_HINT, &hint);
	return fd;
}

const struct cr_object cr_object_regular = {
	.shape = &cr_shape_regular,
	.when_of = cr_when_of_path,
	.match = regular_match,
	.save = regular_save,
	.restore = regular_restore,
};

/* Files that are not open, but mapped or run, among them. */
const struct cr_object cr_object_inode = {
	.store = cr_inodes_store,
	.begin = regular_begin,
	.apply = apply_all,
};
