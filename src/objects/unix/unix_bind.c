// SPDX-License-Identifier: Apache-2.0
//
// Names of unix sockets, made again: getsockname must give the very string, relative or with dots
// as it may be, whatever lies at that path now. So a path is bound below a directory of our own, as
// the root of a stand-in, and its file is moved to where it was then, if others can reach it there.
// What is there already is replaced only if it is a socket on which nobody listens any more.
#include "objects/unix/unix_bind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "objects/core/reach.h"
#include "objects/core/stand_in.h"
#include "objects/file/folder.h"
#include "objects/unix/unix_restore.h"

#define DEEPER ".cairn-deeper"

struct naming {
	int place; /* the directory to be the root */
	int fd;
	struct sockaddr_un address;
	socklen_t len;
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	int to; /* directory and name of the file then; -1: it gets none */
	const char *as;
	int at; /* O_PATH descriptor of the file */
};

socklen_t unix_address(const void *name, size_t len, int at, struct sockaddr_un *a)
{
	a->sun_family = AF_UNIX;
	if (at >= 0) {
		snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d", at);
		return sizeof(*a);
	}
	memcpy(a->sun_path, name, len);
	return offsetof(struct sockaddr_un, sun_path) + len;
}

/* Each directory on the way, made or removed again, the innermost last or first. */
static void directories(const char *name, bool make)
{
	size_t len = strlen(name), i;

	for (i = 1; i < len; i++) {
		size_t k = make ? i : len - i;
		char part[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

		if (name[k] != '/')
			continue;
		memcpy(part, name, k);
		part[k] = 0;
		if (make)
			mkdir(part, 0700);
		else
			rmdir(part);
	}
}

/* Bound where we stand; then its file goes to where it belongs. */
static int bind_here(struct naming *n)
{
	if (bind(n->fd, (const struct sockaddr *)&n->address, n->len))
		return -errno;
	n->at = open(n->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (n->at < 0)
		return -errno;
	if (n->to < 0)
		return chmod(n->name, 0777) || unlink(n->name) ? -errno : 0;
	return renameat(AT_FDCWD, n->name, n->to, n->as) ? -errno : 0;
}

/* In a stand-in, whose root and directory are its own. */
static int bind_below(void *arg)
{
	struct naming *n = arg;
	int depth = 1, i, ret;
	const char *dots;

	/* Without the right to another root only names that begin here can be made here. */
	if (fchdir(n->place) || (chroot(".") && n->name[0] == '/'))
		return -errno;
	/* As deep as the name climbs. */
	for (dots = n->name; n->name[0] != '/' && (dots = strstr(dots, "..")); dots += 2)
		depth++;
	for (i = 0; i < depth; i++)
		if (mkdir(DEEPER, 0700) || chdir(DEEPER))
			return -errno;
	directories(n->name, true);
	ret = bind_here(n);
	directories(n->name, false);
	for (i = 0; i < depth; i++)
		if (chdir("..") || rmdir(DEEPER))
			break;
	return ret;
}

/*
 * An absolute path where we may not have another root: bound at its very place; what is there
 * meanwhile stands aside, unless it is what the socket replaces.
 */
static int bind_openly(struct naming *n)
{
	char aside[sizeof(n->name) + 32];
	bool moved;
	int ret;

	snprintf(aside, sizeof(aside), "%s.cairn-%d", n->name, getpid());
	moved = !rename(n->name, aside);
	ret = bind_here(n);
	if (moved && access(n->name, F_OK))
		rename(aside, n->name);
	else if (moved)
		unlink(aside);
	return ret;
}

static int bind_abstract(int fd, const void *name, size_t len, struct cr_err *err)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un a;
	socklen_t n = unix_address(name, len, -1, &a);

	if (!bind(fd, (struct sockaddr *)&a, n))
		return 0;
	/* A name that the kernel chose is like any other of that kind. */
	if (errno == EADDRINUSE && len == 6 && !bind(fd, (struct sockaddr *)&a, head))
		return 0;
	return cr_fail(err, CR_EXIT_CHANGED, errno,
		       "the name @%.*s of a unix socket is another program's now (end it, then "
		       "restart)",
		       (int)len - 1, (const char *)name + 1);
}

static int bind_path(struct unix_made *made, int fd, const void *name, size_t len, int place,
		     int to, const char *as, int *at, struct cr_err *err)
{
	struct naming n = { .place = place, .fd = fd, .to = to, .as = as, .at = -1 };
	int ret;

	n.address.sun_family = AF_UNIX;
	memcpy(n.address.sun_path, name, len);
	memcpy(n.name, name, len);
	n.len = sizeof(n.address);
	if (len < sizeof(n.address.sun_path))
		n.len = offsetof(struct sockaddr_un, sun_path) + len + 1;
	ret = cr_stand_in(made->ids, 0, 0, 0, bind_below, &n);
	if (ret == -EPERM && n.name[0] == '/')
		ret = bind_openly(&n);
	*at = n.at;
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot name a unix socket %s", n.name) :
		     0;
}

/* A file system that nobody sees, or a directory that is empty at the end. */
static int open_tree(struct unix_made *made)
{
	cr_auto_fd config = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int tree = -1;

	if (config >= 0 && !syscall(SYS_fsconfig, config, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		tree = syscall(SYS_fsmount, config, FSMOUNT_CLOEXEC, 0);
	if (tree >= 0)
		return tree;
	snprintf(made->directory, sizeof(made->directory), "/tmp/cairn-XXXXXX");
	if (!mkdtemp(made->directory)) {
		made->directory[0] = 0;
		return -errno;
	}
	return open(made->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int unix_bind_private(struct unix_made *made, int fd, const void *name, size_t len, int *at,
		      struct cr_err *err)
{
	*at = -1;
	if (!len)
		return 0;
	if (!*(const char *)name)
		return bind_abstract(fd, name, len, err);
	if (made->tree < 0)
		made->tree = open_tree(made);
	if (made->tree < 0)
		return cr_fail(err, CR_EXIT_IO, -made->tree, "cannot make a directory in /tmp");
	return bind_path(made, fd, name, len, made->tree, -1, NULL, at, err);
}

/* 0 if nothing is there, or a socket that is nobody's. */
static int check_place(int dir, const char *base, const char *place, struct cr_err *err)
{
	cr_auto_fd at = openat(dir, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cr_auto_fd probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	struct stat st;
	socklen_t len;

	if (at < 0)
		return errno == ENOENT ? 0 : cr_fail(err, CR_EXIT_CHANGED, errno, "%s", place);
	if (fstat(at, &st) || !S_ISSOCK(st.st_mode))
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the job had a unix socket at %s, where something else is now "
			       "(move it away, then restart)",
			       place);
	/* A listener is of another type and says so: it notices nothing of this. */
	len = unix_address(NULL, 0, at, &a);
	if (!connect(probe, (struct sockaddr *)&a, len) || errno == EPROTOTYPE)
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "another program listens on the unix socket %s, which was the job's "
			       "(end it, then restart)",
			       place);
	return 0;
}

static int bind_there(struct unix_made *made, int fd, const cairn_UnixSocket *m, const char *place,
		      const char *base, int *at, struct cr_err *err)
{
	char dir[CR_PATH_MAX], temporary[64];
	cr_auto_fd to = -1, root = -1;
	int ret;

	snprintf(dir, sizeof(dir), "%.*s", base == place + 1 ? 1 : (int)(base - 1 - place), place);
	to = cr_reach_open(dir, O_PATH | O_DIRECTORY, S_IFDIR);
	if (to < 0 && errno == ENOENT && cr_folders_make(made->r, place))
		to = cr_reach_open(dir, O_PATH | O_DIRECTORY, S_IFDIR);
	if (to < 0 && cr_reach_hint(errno)[0])
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the job had a unix socket in %s, which cannot be opened now%s", dir,
			       cr_reach_hint(errno));
	if (to < 0)
		return cr_fail(
			err, CR_EXIT_CHANGED, errno,
			"the job had a unix socket in %s, which cannot be opened now (put it "
			"back)",
			dir);
	ret = check_place(to, base, place, err);
	if (ret)
		return ret;
	snprintf(temporary, sizeof(temporary), ".cairn-%d-%u", getpid(), made->names++);
	if (mkdirat(to, temporary, 0700))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot make the unix socket %s again: its folder cannot be written",
			       place);
	root = openat(to, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ret = bind_path(made, fd, m->name.bytes, m->name.size, root, to, base, at, err);
	unlinkat(to, temporary, AT_REMOVEDIR);
	if (ret)
		return ret;
	/* By its descriptor: whoever has the folder may have put something else there. */
	if (chown(cr_fd_path(*at).text, m->owner, m->group) && !geteuid())
		cr_say("cannot give %s to its owner: %s", place, strerror(errno));
	chmod(cr_fd_path(*at).text, m->mode);
	return 0;
}

int unix_bind_place(struct unix_made *made, int fd, const cairn_UnixSocket *m, const char *place,
		    int *at, struct cr_err *err)
{
	const char *base = strrchr(place, '/');
	int ret;

	*at = -1;
	if (!base)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "a unix socket at %s", place);
	cr_rights_for(place);
	ret = bind_there(made, fd, m, place, base + 1, at, err);
	cr_rights_back();
	return ret;
}
