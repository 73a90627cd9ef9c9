// SPDX-License-Identifier: Apache-2.0
//
// Where a bound unix socket is to be found: its name is a string as it was given to bind(2), maybe
// relative to a directory that was left since, maybe below another root; what others use is a file.
#include "objects/unix/unix_name.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "objects/core/save.h"
#include "objects/unix/unix.h"

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)
#endif

static bool found(struct unix_socket *u, const char *path)
{
	struct stat st;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode) || st.st_ino != u->entry->file_inode)
		return false;
	u->m.mode = st.st_mode & 07777;
	u->m.owner = st.st_uid;
	u->m.group = st.st_gid;
	return true;
}

/* The path as we see it, links resolved. */
static bool unix_name_note(struct unix_socket *u, int fd)
{
	char path[CR_PATH_MAX];

	if (!cr_fd_link(fd, path, sizeof(path)))
		return false;
	if (!found(u, path))
		return false;
	snprintf(u->d->path, sizeof(u->d->path), "%s", path);
	return true;
}

static bool try_path(struct unix_socket *u, const char *path)
{
	cr_auto_fd fd = found(u, path) ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;

	return fd >= 0 && unix_name_note(u, fd);
}

/* Renamed within its directory, as is done to let it appear only once it is ready. */
static bool try_neighbours(struct unix_socket *u, char *path)
{
	char *slash = strrchr(path, '/'), name[CR_PATH_MAX];
	cr_auto_dir *dir = NULL;
	struct dirent *e;
	bool ok = false;

	if (!slash)
		return false;
	slash[1] = 0;
	dir = opendir(path);
	while (!ok && (e = cr_next_entry(dir))) {
		if (e->d_ino != u->entry->file_inode ||
		    (e->d_type != DT_SOCK && e->d_type != DT_UNKNOWN))
			continue;
		ok = snprintf(name, sizeof(name), "%s%s", path, e->d_name) < (int)sizeof(name) &&
		     try_path(u, name);
	}
	return ok;
}

static bool try_process(struct unix_socket *u, pid_t pid, bool neighbours)
{
	bool absolute = u->entry->name[0] == '/';
	char path[CR_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s/%.*s", pid, absolute ? "root" : "cwd",
		 (int)u->m.name.size, u->entry->name);
	return neighbours ? try_neighbours(u, path) : try_path(u, path);
}

void unix_name_locate(struct cr_save *s, struct unix_socket *u)
{
	int fd = ioctl(u->fd, SIOCUNIXFILE);
	pid_t last = u->pid;
	bool ok = false;
	size_t i;

	/* The privileged are told. */
	if (fd >= 0) {
		unix_name_note(u, fd);
		close(fd);
		return;
	}
	ok = try_process(u, u->pid, false);
	for (i = 0; i < s->holders.n && !ok; i++) {
		if (s->holders.v[i].pid == last || s->holders.v[i].description != u->m.id)
			continue;
		last = s->holders.v[i].pid;
		ok = try_process(u, last, false);
	}
	if (!ok)
		ok = try_process(u, u->pid, true);
	/* The launch began in the shepherd's directory; daemons leave it. */
	if (!ok && u->entry->name[0] != '/')
		ok = try_process(u, getpid(), false);
	if (!ok)
		cr_remark(
			s,
			"process %d has a unix socket named %.*s, whose file is not found: it has "
			"been removed, or the name is relative to a directory that was left; after "
			"a restart nobody can connect to it",
			u->pid, (int)u->m.name.size, u->entry->name);
}
