// SPDX-License-Identifier: Apache-2.0
//
// Files, directories, FIFOs and symbolic links without a name: each is made again under the name
// that it had, or one beside it if that is somebody else's now, opened, and unlinked. What holds it
// is opened through that descriptor, but before it is unlinked if it was with O_NOFOLLOW; of an
// O_TMPFILE it is that descriptor. Directories above it that are gone too are there for so long.
// Runs in the shepherd of a restart, before any description; leaves nothing behind, on failure too.
#include "objects/file/ghost.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/registry.h"
#include "objects/core/rights.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10
#endif

/* A directory that is there only for now. */
struct scaffold {
	char path[CR_PATH_MAX];
	int inode; /* which of the image's it is, or -1 */
	struct cr_behalf behalf;
};

struct ghosts {
	struct cr_restore *r;
	CR_LIST(struct scaffold) made;
};

static void ghost_remember(struct scaffold *s, const char *path, int inode)
{
	snprintf(s->path, sizeof(s->path), "%s", path);
	s->inode = inode;
	s->behalf = cr_behalf_now();
}

static int make_dir(struct ghosts *g, const char *path)
{
	struct scaffold *s;

	if (cr_reach_mkdir(path, 0700))
		return -errno;
	s = cr_list_add(&g->made);
	if (!s) {
		cr_reach_rmdir(path);
		return -ENOMEM;
	}
	ghost_remember(s, path, -1);
	return 0;
}

/* Whatever is missing above path. */
static int make_parents(struct ghosts *g, char *path)
{
	char *slash = strrchr(path, '/');
	int ret;

	if (!slash || slash == path)
		return 0;
	*slash = 0;
	ret = make_dir(g, path);
	if (ret == -ENOENT) {
		ret = make_parents(g, path);
		if (!ret)
			ret = make_dir(g, path);
	}
	*slash = '/';
	return ret == -EEXIST ? 0 : ret;
}

/* Makes one thing under path; an open descriptor, or -errno. */
static int ghost_make_one(const cairn_Inode *m, const char *path)
{
	int fd;

	switch (m->mode & S_IFMT) {
	case S_IFDIR:
		if (cr_reach_mkdir(path, 0700))
			return -errno;
		fd = cr_reach_open(path, O_RDONLY | O_DIRECTORY, S_IFDIR);
		break;
	case S_IFIFO:
		if (cr_reach_mkfifo(path, 0600))
			return -errno;
		fd = cr_reach_open(path, O_PATH, S_IFIFO);
		break;
	case S_IFLNK:
		if (cr_reach_symlink(m->target, path))
			return -errno;
		fd = cr_reach_open(path, O_PATH | O_NOFOLLOW, S_IFLNK);
		break;
	default:
		fd = cr_reach_create(path, 0, 0600);
	}
	return fd < 0 ? -errno : fd;
}

static void unmake(const cairn_Inode *m, const char *path)
{
	if (S_ISDIR(m->mode))
		cr_reach_rmdir(path);
	else
		cr_reach_unlink(path);
}

/* As the description was opened that made it. */
static int flags_of_maker(const struct cr_image *img, const cairn_Inode *m)
{
	size_t i;

	for (i = 0; i < img->descriptions.n; i++) {
		const cairn_Description *d = &img->descriptions.v[i];

		if (d->inode == m->inode && d->dev == m->dev &&
		    (d->flags & O_TMPFILE) == O_TMPFILE)
			return d->flags & (O_ACCMODE | O_SYNC | O_NOFOLLOW);
	}
	return O_RDWR;
}

static int make_unnamed(const struct ghosts *g, const cairn_Inode *m, char *path)
{
	char *slash = strrchr(path, '/');
	cr_auto_fd at = -1;
	int fd;

	if (!slash)
		return -EINVAL;
	*slash = 0;
	at = cr_reach_open(slash == path ? "/" : path, O_PATH | O_DIRECTORY, S_IFDIR);
	*slash = '/';
	cr_rights_for(path);
	fd = at < 0 ? -1 :
		      openat(at, ".", O_TMPFILE | O_CLOEXEC | flags_of_maker(g->r->img, m), 0600);
	cr_rights_back();
	return fd < 0 ? -errno : fd;
}

/* O_NOFOLLOW is of a name: what was opened so is opened again while there is one, whichever. */
static void open_named(struct cr_restore *r, int inode)
{
	struct cr_err none = { 0 };
	size_t i;

	/* What fails is tried again without it; FIFOs are made later. */
	if (r->inode_fd[inode] < 0 || S_ISFIFO(r->img->inodes.v[inode].mode))
		return;
	for (i = 0; i < r->img->descriptions.n; i++) {
		const cairn_Description *d = &r->img->descriptions.v[i];

		if (d->flags & O_NOFOLLOW && d->deleted &&
		    cr_inode_index(r->img, d->dev, d->inode) == inode)
			cr_restored_fd(r, d->id, &none);
	}
}

/* In its directory; what failed is told by the path that is left. */
static int make_there(struct ghosts *g, const cairn_Inode *m, char path[CR_PATH_MAX])
{
	int fd = -EEXIST, inode = m - g->r->img->inodes.v, tries, ret;

	for (tries = 0; fd == -EEXIST && tries < 100; tries++) {
		struct scaffold *s;

		/* Under its old name if that is free, so that /proc shows the same as before. */
		if (snprintf(path, CR_PATH_MAX, tries ? "%s.cairn-%d-%d" : "%s", m->path, getpid(),
			     tries) >= CR_PATH_MAX)
			break;
		ret = make_parents(g, path);
		if (ret)
			return ret;
		fd = m->linkable ? make_unnamed(g, m, path) : -EOPNOTSUPP;
		if (fd >= 0)
			return fd;
		fd = ghost_make_one(m, path);
		if (fd < 0)
			continue;
		/* What is in a directory is made before that goes. */
		if (!S_ISDIR(m->mode)) {
			g->r->inode_fd[inode] = fd;
			open_named(g->r, inode);
			unmake(m, path);
			return fd;
		}
		s = cr_list_add(&g->made);
		if (s)
			ghost_remember(s, path, inode);
		return fd;
	}
	return fd;
}

bool cr_is_program(const struct cr_image *img, const cairn_Inode *m)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++) {
		const cairn_Process *p = &img->processes.v[i].process;

		if (p->exe_deleted && p->exe_dev == m->dev && p->exe_inode == m->inode)
			return true;
	}
	return false;
}

static int make_in_memory(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_EXEC);

	/* Before Linux 6.3 all are executable. */
	if (fd < 0)
		fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int ghost_make_ghost(struct ghosts *g, const cairn_Inode *m, struct cr_err *err)
{
	bool program = S_ISREG(m->mode) && cr_is_program(g->r->img, m);
	const char *leaf = strrchr(m->path, '/');
	char path[CR_PATH_MAX];
	int fd = make_there(g, m, path);

	/* A system's program, which only root could put back to where it was. */
	if (fd < 0 && program && leaf)
		fd = make_in_memory(leaf + 1);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, cr_reach_hint(-fd)[0] ? 0 : -fd,
			       "cannot make the deleted %s again%s", m->path, cr_reach_hint(-fd));
	if (program)
		fchmod(fd, 0700);
	return fd;
}

static size_t depth(const cairn_Inode *m)
{
	const char *p;
	size_t n = 0;

	for (p = m->path; *p; p++)
		n += *p == '/';
	return n;
}

/* Directories from the top down, then all else. */
static int ghost_make_all(struct ghosts *g, bool directories, struct cr_err *err)
{
	const struct cr_image *img = g->r->img;
	size_t level, deepest = 0, i;

	for (i = 0; i < img->inodes.n; i++)
		if (depth(&img->inodes.v[i]) > deepest)
			deepest = depth(&img->inodes.v[i]);
	for (level = 0; level <= deepest; level++) {
		for (i = 0; i < img->inodes.n; i++) {
			const cairn_Inode *m = &img->inodes.v[i];
			struct cr_behalf before;

			if (m->policy != cairn_FilePolicy_FILE_DELETED || depth(m) != level ||
			    S_ISDIR(m->mode) != directories)
				continue;
			before = cr_on_behalf(cr_behalf_of_inode(g->r, i));
			g->r->inode_fd[i] = ghost_make_ghost(g, m, err);
			cr_on_behalf(before);
			if (g->r->inode_fd[i] < 0)
				return g->r->inode_fd[i];
		}
	}
	return 0;
}

int cr_ghosts_make(struct cr_restore *r, struct cr_err *err)
{
	struct ghosts g = { .r = r };
	int ret = ghost_make_all(&g, true, err);
	struct cr_behalf before;

	if (!ret)
		ret = ghost_make_all(&g, false, err);
	while (g.made.n) {
		before = cr_on_behalf(g.made.v[--g.made.n].behalf);
		if (!ret && g.made.v[g.made.n].inode >= 0)
			open_named(r, g.made.v[g.made.n].inode);
		cr_reach_rmdir(g.made.v[g.made.n].path);
		cr_on_behalf(before);
	}
	free(g.made.v);
	return ret;
}
