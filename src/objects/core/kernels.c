// SPDX-License-Identifier: Apache-2.0
//
// What is no file that somebody stored: what the kernel makes up in /proc and /sys, namespaces, and
// files that are memory. Hosted code of the shepherd; nothing is opened.
#include "objects/core/kernels.h"

#include <ctype.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "objects/core/index.h"

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

static bool kernels_in_image(const struct cr_image *img, pid_t pid)
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
	*there = *there && kernels_in_image(r->img, pid);
	return *there ? cr_restored_pid(r, pid) : 0;
}

const char *const cr_namespaces[CR_NAMESPACES] = {
	"mnt",
	"net",
	"pid",
	"user",
	"ipc",
	"cgroup",
	"time",
	"pid_for_children",
	"time_for_children",
	"uts",
};

static bool kernels_look(pid_t pid, size_t kind, struct stat *st)
{
	char path[64] = "/proc/self/ns/";

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/", pid);
	strcat(path, cr_namespaces[kind]);
	return !stat(path, st);
}

uint64_t cr_namespace_number(pid_t pid, size_t kind)
{
	struct stat st;

	return kernels_look(pid, kind, &st) ? st.st_ino : 0;
}

bool cr_is_namespace(const struct cr_fd_view *v)
{
	static dev_t all;
	struct stat st;

	if (!all && kernels_look(0, CR_NAMESPACE_UTS, &st))
		all = st.st_dev;
	return all && S_ISREG(v->st.st_mode) && v->st.st_dev == all;
}

bool cr_is_tmpfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC;
}
