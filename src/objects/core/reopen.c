// SPDX-License-Identifier: Apache-2.0
//
// Opening again what has a path, as the job had it open. Files of a process in /proc exist only
// once it does; for one that had ended a stand-in lives as long as that takes, so that the
// descriptor says of it what it said before. Runs in the shepherd of a restart.
#include "objects/core/reopen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/kernels.h"
#include "objects/core/reach.h"
#include "objects/shape/shapes.h"

int cr_path_examine(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct stat st;

	if (d->deleted || d->path[0] != '/' || cr_is_kernels(d->path) ||
	    !cr_reach_stat(d->path, &st) ||
	    (errno == ELOOP && !lstat(d->path, &st) && S_ISLNK(st.st_mode) &&
	     d->kind == cairn_ObjectKind_OBJECT_PATH))
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, errno,
		       "%s, which the job has open, is missing (make it, or give --map)", d->path);
}

void cr_object_owner(const struct cr_restore *r, int fd, const cairn_Description *d)
{
	struct f_owner_ex owner = { d->owner_type, cr_restored_pid(r, d->owner) };

	if (d->owner_signal)
		fcntl(fd, F_SETSIG, d->owner_signal);
	if (d->owner)
		fcntl(fd, F_SETOWN_EX, &owner);
}

static bool reopen_leads_to(const char *path, int fd)
{
	struct stat named, st;

	return !cr_reach_stat(path, &named) && !fstat(fd, &st) && named.st_dev == st.st_dev &&
	       named.st_ino == st.st_ino;
}

int cr_reopen_any(struct cr_restore *r, const cairn_Description *d, const cairn_Description *how,
		  struct cr_err *err)
{
	int i = cr_inode_index(r->img, d->dev, d->inode);
	const char *path = i >= 0 && d->deleted ? r->img->inodes.v[i].path : d->path;

	return cr_reopen(r, i < 0 ? -1 : r->inode_fd[i], path, how, err);
}

/* What a description's path must lead to; 0 for anything. */
static mode_t kind_of(const cairn_Description *d)
{
	const struct cr_shape *s = cr_shape_of(d->kind);

	return s ? s->file : 0;
}

/* What was made again may have another name for now than it had: its old one if it has none. */
static const char *name_of(int fd, const char *old, char now[CR_PATH_MAX])
{
	return !reopen_leads_to(old, fd) && cr_fd_link(fd, now, CR_PATH_MAX) &&
			       reopen_leads_to(now, fd) ?
		       now :
		       old;
}

static int open_one(int at, const char *path, const cairn_Description *d, int flags)
{
	char now[CR_PATH_MAX];

	if (at >= 0 && flags & O_NOFOLLOW) {
		path = name_of(at, path, now);
		if (!reopen_leads_to(path, at))
			flags &= ~O_NOFOLLOW;
	}
	if (at >= 0)
		return cr_reach_again(at, path, flags);
	/* Nobody can change what is there, and it has kinds and rights of its own. */
	if (cr_is_kernels(path))
		return open(path, flags | O_CLOEXEC | O_NOCTTY);
	return cr_reach_open(path, flags, kind_of(d));
}

int cr_reopen(struct cr_restore *r, int at, const char *path, const cairn_Description *d,
	      struct cr_err *err)
{
	/* What is a property of open(2) itself, not of what it made, is not done again. */
	int flags = (d->flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | O_ASYNC)) | O_NOCTTY;
	int fd;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		flags &= ~O_TMPFILE;
	fd = open_one(at, path, d, flags);
	/* O_NOATIME is for owners only. */
	if (fd < 0 && errno == EPERM && flags & O_NOATIME)
		fd = open_one(at, path, d, flags & ~O_NOATIME);
	if (fd < 0 && cr_reach_hint(errno)[0])
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the job had %s open, which cannot be opened now%s", d->path,
			       cr_reach_hint(errno));
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "the job had %s open, which cannot be opened now (put it back, or "
			       "restart where it is)",
			       d->path);
	return fd;
}

int cr_reopen_proc(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	bool there = !d->deleted;
	pid_t pid = cr_proc_pid(r, d->path, &there);
	char path[CR_PATH_MAX + 32];
	int fd;

	if (!there)
		pid = fork();
	while (!pid)
		pause();
	snprintf(path, sizeof(path), "/proc/%d%s", pid, cr_proc_rest(d->path));
	fd = cr_reopen(r, -1, path, d, err);
	if (!there && pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	/* Of a process that is gone nothing can be read on the way there. */
	if (fd >= 0 && d->offset)
		lseek(fd, d->offset, SEEK_SET);
	return fd;
}
