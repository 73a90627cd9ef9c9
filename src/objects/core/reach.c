// SPDX-License-Identifier: Apache-2.0
//
// Paths of a job at a checkpoint or restart. The kernel told them, so none has a symbolic link in
// it; but whoever owns a folder may have put one there since, or a FIFO, a device, another file's
// second name. So no link is followed but those that only we ourselves (or root) can have made; a
// file is held by O_PATH and looked at before it is opened; and what belongs to a process that has
// given up rights is touched with the rights that it has, for files (setfsuid, which is of one
// thread), wherever anybody else can change what the path leads to.
// Runs in the shepherd and in processes of a restart; every failure is the caller's to tell.
#include "objects/core/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/io.h"

#define NOBODY 65534 /* whom a user namespace shows instead of root and of all other users */
#define LINKS 40

static struct cr_behalf behalf;

struct cr_behalf cr_on_behalf(struct cr_behalf next)
{
	struct cr_behalf before = behalf;

	behalf = next;
	return before;
}

struct cr_behalf cr_behalf_now(void)
{
	return behalf;
}

/* ---- rights ---- */

static gid_t own_groups[65536 / sizeof(gid_t)];
static int own_count;
static bool lent;
static int depth; /* of calls within each other: the outermost decides */

/* As far as it goes without libc, which would do it to all threads. */
static bool set_rights(uid_t uid, gid_t gid, const gid_t *groups, size_t n)
{
	if (syscall(SYS_setgroups, n, groups))
		return false;
	setfsgid(gid);
	setfsuid(uid);
	return (uid_t)setfsuid(-1) == uid && (gid_t)setfsgid(-1) == gid;
}

static void take_rights(void)
{
	const cairn_Attributes *a =
		behalf.of && behalf.of->attributes.n ? behalf.of->attributes.v : NULL;

	if (!a || geteuid() || !a->uids[3])
		return;
	own_count = getgroups(CR_ARRAY_SIZE(own_groups), own_groups);
	lent = true;
	if (own_count >= 0 && set_rights(a->uids[3], a->gids[3], (const gid_t *)a->groups.bytes,
					 a->groups.size / sizeof(gid_t)))
		return;
	/* Never with more: nobody's, if not theirs. */
	setfsgid(NOBODY);
	setfsuid(NOBODY);
}

void cr_rights_back(void)
{
	int error = errno;

	if (--depth)
		return;
	if (lent)
		set_rights(geteuid(), getegid(), own_groups, own_count < 0 ? 0 : own_count);
	lent = false;
	errno = error;
}

/* ---- whom a path can be trusted to ---- */

static bool reach_is_ours(uid_t uid)
{
	struct stat st;

	return !uid || (geteuid() && (uid == geteuid() ||
				      (uid == NOBODY && !stat("/", &st) && st.st_uid == NOBODY)));
}

/* Nobody else can have put an entry of this owner (or any, if it is -1) into the directory. */
static bool safe_entry(const struct stat *dir, uid_t owner)
{
	if (!reach_is_ours(dir->st_uid))
		return false;
	return !(dir->st_mode & 022) || (dir->st_mode & S_ISVTX && reach_is_ours(owner));
}

/* Whether only root can change what path leads to: then it is as safe as it was before. */
static bool only_roots(const char *path)
{
	cr_auto_fd at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char part[NAME_MAX + 1];
	struct stat dir, st;

	while (at >= 0 && !fstat(at, &dir)) {
		size_t n = strcspn(path += strspn(path, "/"), "/");
		int next;

		if (n >= sizeof(part) || !reach_is_ours(dir.st_uid))
			return false;
		memcpy(part, path, n);
		part[n] = 0;
		path += n;
		/* At the end: a file may have been linked from elsewhere. */
		if (!path[strspn(path, "/")])
			return !(dir.st_mode & 022);
		next = openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* What is missing is missing because of root. */
		if (next < 0)
			return errno == ENOENT && !(dir.st_mode & 022);
		close(at);
		at = next;
		if (fstat(at, &st) || !safe_entry(&dir, st.st_uid))
			return false;
	}
	return false;
}

void cr_rights_for(const char *path)
{
	if (!depth++ && path && behalf.of && !geteuid() && !only_roots(path))
		take_rights();
}

/* ---- the way ---- */

static int open_strictly(const char *path, int flags)
{
	struct open_how how = { .flags = flags,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* A walk, one name after the other. */
struct walk {
	int at;
	char left[CR_PATH_MAX * 2]; /* what is still to go */
	char leaf[NAME_MAX + 1]; /* the last name, "" for / itself */
	int links;
};

/* Whether the link called leaf may be followed; if so, what it says is to go next. */
static int reach_follow(struct walk *w)
{
	char target[CR_PATH_MAX], rest[sizeof(w->left)];
	struct stat dir, link;
	ssize_t n = readlinkat(w->at, w->leaf, target, sizeof(target) - 1);

	if (n < 0)
		return errno == EINVAL ? 0 : -errno;
	target[n] = 0;
	if (w->links++ == LINKS || fstat(w->at, &dir) ||
	    fstatat(w->at, w->leaf, &link, AT_SYMLINK_NOFOLLOW) || !reach_is_ours(link.st_uid))
		return -ELOOP;
	/* One's own is one's own; but root's may have been brought here by another. */
	if ((!geteuid() || link.st_uid != geteuid()) && !safe_entry(&dir, link.st_uid))
		return -ELOOP;
	snprintf(rest, sizeof(rest), "%s", w->left);
	if (snprintf(w->left, sizeof(w->left), "%s/%s", target, rest) >= (int)sizeof(w->left))
		return -ENAMETOOLONG;
	if (target[0] == '/') {
		close(w->at);
		w->at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return w->at < 0 ? -errno : 1;
}

/* Takes the next name into leaf; whether it is the last one. */
static bool next_name(struct walk *w)
{
	const char *from = w->left + strspn(w->left, "/");
	size_t n = strcspn(from, "/");

	snprintf(w->leaf, sizeof(w->leaf), "%.*s", (int)n, from);
	memmove(w->left, from + n, strlen(from + n) + 1);
	return !w->left[strspn(w->left, "/")];
}

/* Up to the directory of the last name, which may itself be a link only if end says so. */
static int reach_go(struct walk *w, const char *path, bool end)
{
	if (path[0] != '/')
		return -EINVAL;
	if (snprintf(w->left, sizeof(w->left), "%s", path) >= CR_PATH_MAX)
		return -ENAMETOOLONG;
	w->at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (w->at >= 0) {
		bool last = next_name(w);
		int ret, next;

		if (!w->leaf[0] || (last && end))
			return 0;
		ret = reach_follow(w);
		if (ret < 0 || (!ret && last))
			return ret;
		if (ret)
			continue;
		next = openat(w->at, w->leaf, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		close(w->at);
		w->at = next;
	}
	return -errno;
}

/* O_PATH, whatever it is; links that are to be trusted lead on. */
static int reach_find(const char *path)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = open_strictly(path, flags), ret;
	struct walk w = { .at = -1 };
	struct stat st;

	/* A link at the end is opened itself. */
	if (fd >= 0 && (fstat(fd, &st) || !S_ISLNK(st.st_mode)))
		return fd;
	if (fd < 0 && errno != ELOOP && errno != ENOSYS && errno != EPERM)
		return -1;
	if (fd >= 0)
		close(fd);
	ret = reach_go(&w, path, false);
	fd = ret ? -1 : openat(w.at, w.leaf[0] ? w.leaf : ".", flags);
	if (w.at >= 0)
		close(w.at);
	if (ret)
		errno = -ret;
	return fd;
}

/* A link's own descriptor, or what reach_find() gives. */
static int find_itself(const char *path)
{
	int fd = open_strictly(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 ? fd : reach_find(path);
}

/* ---- opening ---- */

static bool is_same(const struct stat *st)
{
	const cairn_Inode *m = behalf.same;

	if (!m || m->dev != st->st_dev || m->inode != st->st_ino)
		return false;
	return m->id ? m->uid == st->st_uid :
		       m->size == (uint64_t)st->st_size &&
			       m->mtime_ns ==
				       st->st_mtim.tv_sec * 1000000000ll + st->st_mtim.tv_nsec;
}

static int reach_judge(const struct stat *st, int flags, mode_t kind, bool own)
{
	if (S_ISLNK(st->st_mode) && (kind ? kind != S_IFLNK : !(flags & O_PATH)))
		return ELOOP;
	if (kind && (st->st_mode & S_IFMT) != kind)
		return kind == S_IFDIR ? ENOTDIR : ESTALE;
	/* Somebody may have given a file of ours a name in his folder. */
	if (own && S_ISREG(st->st_mode) && st->st_nlink > 1 && !is_same(st) &&
	    (flags & (O_ACCMODE | O_TRUNC)))
		return EMLINK;
	return 0;
}

static int reach_reopen(int at, const char *path, int flags)
{
	/* openat2 takes no more. */
	const int of_path = O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC;
	const struct cr_fd_path self = cr_fd_path(at);
	struct stat st, now;
	int fd;

	if (!(flags & O_NOFOLLOW))
		return open(self.text, flags);
	/* F_GETFL tells of this one; so it is opened by its name, if that leads to the same. */
	fd = open_strictly(path, flags & O_PATH ? flags & of_path : flags | O_NONBLOCK);
	if (fd < 0 || fstat(at, &st) || fstat(fd, &now) || st.st_ino != now.st_ino ||
	    st.st_dev != now.st_dev) {
		cr_close_fd(&fd);
		return open(self.text, flags & ~O_NOFOLLOW);
	}
	if (!(flags & (O_NONBLOCK | O_PATH)))
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* Also what only its own mode keeps its owner from, as it was opened before. */
static int open_anyway(int at, const char *path, int flags)
{
	uid_t us = lent ? behalf.of->attributes.v->uids[3] : geteuid();
	int fd = reach_reopen(at, path, flags), error;
	const struct cr_fd_path self = cr_fd_path(at);
	struct stat st;

	if (fd >= 0 || errno != EACCES || fstat(at, &st) || st.st_uid != us)
		return fd;
	if (chmod(self.text, (st.st_mode & 07777) | (S_ISDIR(st.st_mode) ? 0700 : 0600))) {
		errno = EACCES;
		return -1;
	}
	fd = reach_reopen(at, path, flags);
	error = errno;
	chmod(self.text, st.st_mode & 07777);
	errno = error;
	return fd;
}

static int open_found(const char *path, int flags, mode_t kind, bool own)
{
	const int itself = O_PATH | O_NOFOLLOW;
	cr_auto_fd at = (flags & itself) == itself ? find_itself(path) : reach_find(path);
	struct stat st;
	int error;

	if (at < 0 || fstat(at, &st))
		return -1;
	error = reach_judge(&st, flags, kind, own);
	if (error) {
		errno = error;
		return -1;
	}
	if (S_ISLNK(st.st_mode))
		return fcntl(at, F_DUPFD_CLOEXEC, 3);
	return flags & O_PATH ? reach_reopen(at, path, flags | O_CLOEXEC) :
				open_anyway(at, path, flags | O_CLOEXEC);
}

/* The owner may not get there, but it had this one: opened before it gave up rights. */
static int open_same(const char *path, int flags, mode_t kind)
{
	cr_auto_fd at = open_strictly(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	/* A directory has no second name, and is not moved by who does not own it. */
	if (at >= 0 && !fstat(at, &st) && !reach_judge(&st, flags, kind, false) &&
	    (S_ISDIR(st.st_mode) || is_same(&st)))
		return reach_reopen(at, path, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	errno = EACCES;
	return -1;
}

int cr_reach_open(const char *path, int flags, mode_t kind)
{
	bool own;
	int fd;

	if (behalf.of || geteuid())
		own = false;
	else
		own = !only_roots(path);
	cr_rights_for(path);
	fd = open_found(path, flags, kind, own);
	own = lent;
	cr_rights_back();
	return fd < 0 && own && (errno == EACCES || errno == EPERM) ? open_same(path, flags, kind) :
								      fd;
}

int cr_reach_again(int at, const char *path, int flags)
{
	int fd;

	cr_rights_for(path);
	fd = open_anyway(at, path, (path ? flags : flags & ~O_NOFOLLOW) | O_CLOEXEC);
	cr_rights_back();
	return fd;
}

int cr_reach_stat(const char *path, struct stat *st)
{
	cr_auto_fd at = -1;
	bool own;

	cr_rights_for(path);
	at = reach_find(path);
	own = lent;
	cr_rights_back();
	if (at < 0 && own && errno == EACCES)
		at = open_strictly(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 || fstat(at, st))
		return -1;
	if (!S_ISLNK(st->st_mode))
		return 0;
	errno = ELOOP;
	return -1;
}

/* ---- names ---- */

/* A name in its directory, with the rights for it; cr_rights_back() in any case. */
static int reach_enter(struct walk *w, const char *path)
{
	int ret;

	*w = (struct walk){ .at = -1 };
	cr_rights_for(path);
	ret = reach_go(w, path, true);
	if (!ret && !w->leaf[0])
		ret = -EEXIST;
	if (ret)
		errno = -ret;
	return ret;
}

static int reach_leave(struct walk *w, int ret)
{
	int error = errno;

	cr_rights_back();
	if (w->at >= 0)
		close(w->at);
	errno = error;
	return ret;
}

int cr_reach_create(const char *path, int flags, mode_t mode)
{
	struct walk w;
	const int how = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	return reach_leave(&w,
			   reach_enter(&w, path) ? -1 : openat(w.at, w.leaf, how | flags, mode));
}

int cr_reach_mkdir(const char *path, mode_t mode)
{
	struct walk w;

	return reach_leave(&w, reach_enter(&w, path) ? -1 : mkdirat(w.at, w.leaf, mode));
}

int cr_reach_rmdir(const char *path)
{
	struct walk w;

	return reach_leave(&w, reach_enter(&w, path) ? -1 : unlinkat(w.at, w.leaf, AT_REMOVEDIR));
}

int cr_reach_unlink(const char *path)
{
	struct walk w;

	return reach_leave(&w, reach_enter(&w, path) ? -1 : unlinkat(w.at, w.leaf, 0));
}

int cr_reach_mkfifo(const char *path, mode_t mode)
{
	struct walk w;

	return reach_leave(&w, reach_enter(&w, path) ? -1 : mkfifoat(w.at, w.leaf, mode));
}

int cr_reach_symlink(const char *target, const char *path)
{
	struct walk w;

	return reach_leave(&w, reach_enter(&w, path) ? -1 : symlinkat(target, w.at, w.leaf));
}

static int two(const char *from, const char *to, bool link)
{
	struct walk a, b = { .at = -1 };
	int ret = reach_enter(&a, from);

	/* The rights are those for the first of them, or less. */
	if (!ret && behalf.of && !lent && !only_roots(to))
		take_rights();
	if (!ret) {
		ret = reach_go(&b, to, true);
		if (ret)
			errno = -ret;
	}
	if (!ret)
		ret = link ? linkat(a.at, a.leaf, b.at, b.leaf, 0) :
			     renameat(a.at, a.leaf, b.at, b.leaf);
	if (b.at >= 0)
		close(b.at);
	return reach_leave(&a, ret ? -1 : 0);
}

int cr_reach_rename(const char *from, const char *to)
{
	return two(from, to, false);
}

int cr_reach_link(const char *from, const char *to)
{
	return two(from, to, true);
}

const char *cr_reach_hint(int error)
{
	switch (error) {
	case ELOOP:
		return ": a symbolic link leads there that was not there at the checkpoint (put "
		       "back what it has replaced)";
	case ESTALE:
		return ": something of another kind is there now (put back what it has replaced)";
	case EMLINK:
		return ": another file is there now, which has more names (put back what it has "
		       "replaced)";
	default:
		return "";
	}
}
