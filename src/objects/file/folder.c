// SPDX-License-Identifier: Apache-2.0
//
// The directories above what a restart makes again: on another machine, or after somebody cleaned
// up, they may be missing too. A save notes them as inodes without content; a restart makes those
// that are missing, and a restart that fails removes them again. Runs in the shepherd.
#include "objects/file/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "objects/core/rights.h"
#include "objects/file/inode.h"

static const cairn_Inode *folder_noted(const struct cr_save *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->inodes.n; i++)
		if (S_ISDIR(s->inodes.v[i].m.mode) && !strcmp(s->inodes.v[i].m.path, path))
			return &s->inodes.v[i].m;
	return NULL;
}

int cr_folders_note(struct cr_save *s, const char *below, struct cr_err *err)
{
	char path[CR_PATH_MAX], *slash;
	struct stat st;

	snprintf(path, sizeof(path), "%s", below);
	while ((slash = strrchr(path, '/')) && slash != path) {
		cr_auto_fd fd = -1;

		*slash = 0;
		if (folder_noted(s, path))
			break;
		/* That opens nothing: somebody may watch it. */
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st))
			continue;
		if (!cr_inode_note(s, fd, &st, path, false, cairn_FilePolicy_FILE_KEEP))
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving %s", path);
	}
	return 0;
}

static int folder_index_of(const struct cr_image *img, const char *path)
{
	size_t i;

	for (i = 0; i < img->inodes.n; i++)
		if (S_ISDIR(img->inodes.v[i].mode) && !strcmp(img->inodes.v[i].path, path))
			return i;
	return -1;
}

static int folder_make(struct cr_restore *r, char *path)
{
	char *slash = strrchr(path, '/');
	int i = folder_index_of(r->img, path), ret;

	if (i < 0)
		return -ENOENT;
	if (cr_reach_mkdir(path, 0700)) {
		if (errno != ENOENT || !slash || slash == path)
			return errno == EEXIST ? 0 : -errno;
		*slash = 0;
		ret = folder_make(r, path);
		*slash = '/';
		if (ret)
			return ret;
		if (cr_reach_mkdir(path, 0700))
			return -errno;
	}
	/* It gets its mode and owner with all other files that were made, when it is filled. */
	r->inode_fd[i] = cr_reach_open(path, O_RDONLY | O_DIRECTORY, S_IFDIR);
	r->inode_of[i] = cr_behalf_now().of;
	return r->inode_fd[i] < 0 ? -errno : 0;
}

bool cr_folders_make(struct cr_restore *r, const char *below)
{
	char path[CR_PATH_MAX], *slash;

	snprintf(path, sizeof(path), "%s", below);
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return false;
	*slash = 0;
	return !folder_make(r, path);
}

void cr_folders_give_up(struct cr_restore *r)
{
	struct cr_behalf before;
	bool again = true;
	size_t i;

	/* What is below goes first, in whatever order they stand. */
	while (again) {
		again = false;
		for (i = 0; i < r->img->inodes.n; i++) {
			const cairn_Inode *m = &r->img->inodes.v[i];

			if (r->inode_fd[i] < 0 || !S_ISDIR(m->mode) ||
			    m->policy == cairn_FilePolicy_FILE_DELETED)
				continue;
			before = cr_on_behalf(cr_behalf_of_inode(r, i));
			again |= !cr_reach_rmdir(m->path);
			cr_on_behalf(before);
		}
	}
}
