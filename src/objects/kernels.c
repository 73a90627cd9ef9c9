// SPDX-License-Identifier: Apache-2.0
//
// Files and directories that the kernel makes up, in /proc and /sys. Those of a process are opened
// by the shepherd when all processes exist; for one that had ended a stand-in lives that long, so
// that the descriptor says of it what it said before. Runs in the shepherd of a restart.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/object.h"

bool cr_is_kernels(const char *path)
{
	return !strncmp(path, "/proc/", 6) || !strncmp(path, "/sys/", 5);
}

const char *cr_proc_rest(const char *path)
{
	if (strncmp(path, "/proc/", 6) || !isdigit((unsigned char)path[6]))
		return NULL;
	return path + 6 + strspn(path + 6, "0123456789");
}

enum cr_when cr_when_of_path(const cairn_Description *d)
{
	return cr_proc_rest(d->path) ? CR_LATE : CR_EARLY;
}

static bool in_image(const struct cr_image *img, pid_t pid)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++)
		if (img->processes.v[i].process.pid == pid)
			return true;
	return pid == img->job.shepherd_pid;
}

pid_t cr_proc_pid(const struct cr_restore *r, const char *path, bool *there)
{
	pid_t pid = atoi(path + 6);

	if (*there && pid == 1)
		return pid;
	*there = *there && in_image(r->img, pid);
	return *there ? cr_restored_pid(r, pid) : 0;
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
