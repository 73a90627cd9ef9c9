// SPDX-License-Identifier: Apache-2.0
//
// What the job has from outside: pipes, terminals and files that whoever started it had opened.
// CRIU is told to leave them alone, and gets those of crrestart in their places; it knows them by
// names of its own. A device such as /dev/null is opened again.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "criu/criu_outside.h"
#include "shepherd/shepherd.h"

/* Of the mount that an open file is on, if CRIU cannot find that: it is of another namespace. */
static int foreign_mount(const char *proc, int fd)
{
	cr_auto_free char *info = NULL, *mounts = NULL;
	char path[80], line[32];
	const char *at;

	snprintf(path, sizeof(path), "%s/fdinfo/%d", proc, fd);
	if (cr_slurp(AT_FDCWD, path, &info) < 0 || !(at = strstr(info, "\nmnt_id:")))
		return 0;
	snprintf(path, sizeof(path), "%s/mountinfo", proc);
	if (cr_slurp(AT_FDCWD, path, &mounts) < 0)
		return 0;
	snprintf(line, sizeof(line), "%d ", atoi(at + 8));
	if (!strncmp(mounts, line, strlen(line)))
		return 0;
	snprintf(line, sizeof(line), "\n%d ", atoi(at + 8));
	return strstr(mounts, line) ? 0 : atoi(at + 8);
}

/* CRIU's name of a descriptor; "" for one that it can open by itself. */
static int name_it(const char *proc, int fd, bool named, bool reopened, char *key, cr_arguments *a,
		   struct cr_err *err)
{
	char path[80], link[CR_PATH_MAX];
	struct stat st, here;
	ssize_t n;
	int mount;

	*key = 0;
	snprintf(path, sizeof(path), "%s/fd/%d", proc, fd);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0 || stat(path, &st))
		return 0;
	link[n] = 0;
	if (S_ISSOCK(st.st_mode))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "descriptor %d of the job is a socket whose other end is outside, "
			       "which CRIU cannot connect again; use a pipe (| cat)",
			       fd);
	if (S_ISFIFO(st.st_mode) && !strncmp(link, "pipe:", 5)) {
		snprintf(key, CR_PATH_MAX, "%s", link);
		return 0;
	}
	mount = foreign_mount(proc, fd);
	/* The job of a restart has such a file by its name here: open_here() in restore.c. */
	if (mount && reopened && S_ISREG(st.st_mode) && !stat(link, &here) &&
	    here.st_dev == st.st_dev && here.st_ino == st.st_ino)
		mount = 0;
	if (S_ISCHR(st.st_mode) &&
	    (!strncmp(link, "/dev/pts/", 9) || !strncmp(link, "/dev/tty", 8)))
		snprintf(key, CR_PATH_MAX, "tty[%lx:%lx]", (unsigned long)st.st_rdev,
			 (unsigned long)st.st_dev);
	else if (mount)
		snprintf(key, CR_PATH_MAX, "file[%x:%lx]", mount, (unsigned long)st.st_ino);
	else if (S_ISREG(st.st_mode) && named)
		snprintf(key, CR_PATH_MAX, "%s", link + 1);
	if (!strncmp(key, "tty[", 4) || mount) {
		cr_argument(a, "--external");
		cr_argument(a, "%s", key);
	}
	return 0;
}

int cr_criu_outside(struct cr_shepherd *sh, cairn_Job *job, cr_arguments *a, struct cr_err *err)
{
	size_t n = sh->attached ? 3 : sh->outside.nslots, i, used = 0;
	char proc[32], key[CR_PATH_MAX];
	bool sandbox = sh->host_proc != AT_FDCWD;
	int ret = 0;

	snprintf(proc, sizeof(proc), "/proc/%d", sh->attached ? sh->root : getpid());

	for (i = 0; i < n && !ret; i++) {
		int fd = sh->attached ? (int)i : sh->outside.slots[i].fd, len;
		char *to = (char *)job->outside.bytes + used;

		/* A process that was attached has opened its files itself. */
		ret = name_it(proc, fd, !sh->attached, sandbox, key, a, err);
		if (ret || !*key)
			continue;
		len = snprintf(to, sizeof(job->outside.bytes) - used, "%d=%s", fd, key) + 1;
		if (used + len > sizeof(job->outside.bytes))
			return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				       "the job has too many descriptors from outside");
		used += len;
	}
	job->outside.size = used;
	return ret;
}
