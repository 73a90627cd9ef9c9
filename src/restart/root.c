// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a restart, cut off from the host's. Runs in the sandbox's init, and in children
// that try it, in a mount namespace of their own. Nothing but that is left where it fails.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/io.h"
#include "restart/root.h"

/* The names of linux/mount.h, which does not go together with the C library's. */
#define TREE_CLONE 1
#define TREE_RECURSIVE 0x8000
#define MOVE_EMPTY_PATH 4

/*
 * In a plain chroot the root is a folder of some mount that has no name in here, so nobody can say
 * that it shall be cut off. A copy of all that is below becomes the root instead. It has to lie
 * somewhere: on /proc, which is a mount of its own and can be cut off.
 */
static int copy_root(void)
{
	cr_auto_free char *cwd = getcwd(NULL, 0);
	cr_auto_fd tree = -1;

	if (mount(NULL, "/proc", NULL, MS_SLAVE, NULL))
		return -errno;
	tree = syscall(SYS_open_tree, AT_FDCWD, "/", TREE_CLONE | TREE_RECURSIVE | O_CLOEXEC);
	if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, "/proc", MOVE_EMPTY_PATH) ||
	    fchdir(tree) || chroot(".") || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return -errno;
	/* What has no path in here is where it was by its descriptor only. */
	return cwd && *cwd == '/' && chdir(cwd) ? -errno : 0;
}

/* Each line of mountinfo has the mount's folder as its fifth word. */
bool cr_in_chroot(void)
{
	cr_auto_free char *mounts = NULL;
	char *line, *next;
	int at;

	if (cr_slurp(AT_FDCWD, "/proc/self/mountinfo", &mounts) <= 0)
		return false;
	for (line = mounts; line && *line; line = next ? next + 1 : NULL) {
		next = strchr(line, '\n');
		at = 0;
		sscanf(line, "%*s %*s %*s %*s %n", &at);
		if (at && !strncmp(line + at, "/ ", 2))
			return false;
	}
	return true;
}

int cr_cut_off_mounts(void)
{
	if (!mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return 0;
	return errno == EINVAL ? copy_root() : -errno;
}
