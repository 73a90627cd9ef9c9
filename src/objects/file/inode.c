// SPDX-License-Identifier: Apache-2.0
//
// Files during a save: each once, however often it is open or mapped and under however many names.
// Runs in the shepherd while the job stands still.
#include "objects/file/inode.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int64_t cr_stat_ns(const struct timespec *t)
{
	return t->tv_sec * 1000000000ll + t->tv_nsec;
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

const cairn_Inode *cr_inode_mapped(const struct cr_save *s, const char *path, bool deleted,
				   uint64_t dev, uint64_t inode)
{
	const cairn_Inode *m = cr_inode_noted(s, dev, inode);
	size_t i;

	/* On overlayfs and btrfs /proc/PID/maps names another device than stat does. */
	for (i = 0; !m && i < s->inodes.n; i++) {
		const struct cr_saved_inode *e = &s->inodes.v[i];

		if (e->m.inode == inode && e->named == !deleted && !strcmp(e->m.path, path))
			m = &e->m;
	}
	return m;
}

bool cr_inode_readable(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return !(flags & (O_PATH | O_DIRECT)) && (flags & O_ACCMODE) != O_WRONLY;
}

static struct cr_saved_inode *inode_add(struct cr_save *s, const struct stat *st, const char *path)
{
	struct cr_saved_inode *e = cr_list_add(&s->inodes);

	if (!e)
		return NULL;
	e->fd = -1;
	e->m.id = ++s->next_id;
	e->m.dev = st->st_dev;
	e->m.inode = st->st_ino;
	e->m.size = st->st_size;
	e->m.mtime_ns = cr_stat_ns(&st->st_mtim);
	e->m.atime_ns = cr_stat_ns(&st->st_atim);
	e->m.mode = st->st_mode;
	e->m.uid = st->st_uid;
	e->m.gid = st->st_gid;
	e->links = st->st_nlink;
	snprintf(e->m.path, sizeof(e->m.path), "%s", path);
	return e;
}

cairn_Inode *cr_inode_note(struct cr_save *s, int fd, const struct stat *st, const char *path,
			   bool deleted, cairn_FilePolicy policy)
{
	struct cr_saved_inode *e = (void *)cr_inode_noted(s, st->st_dev, st->st_ino);

	if (!e)
		e = inode_add(s, st, path);
	if (!e)
		return NULL;
	if (strength(policy) > strength(e->m.policy))
		e->m.policy = policy;
	/* A name that is there is better than one that was. */
	if (!deleted && !e->named) {
		e->named = true;
		snprintf(e->m.path, sizeof(e->m.path), "%s", path);
	}
	if (e->fd < 0 || (!cr_inode_readable(e->fd) && cr_inode_readable(fd))) {
		cr_close_fd(&e->fd);
		e->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	return &e->m;
}
