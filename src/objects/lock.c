// SPDX-License-Identifier: Apache-2.0
//
// File locks: fcntl's belong to a process and are taken again by it, flock's and OFD locks belong to
// a description and are taken by the shepherd before it hands that out. /proc/locks tells of all.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>

#include "common/proc.h"
#include "objects/object.h"

/* "1: POSIX  ADVISORY  WRITE 708 08:02:1234 0 EOF"; false for waiters and other kinds. */
static bool parse(const char *line, cairn_Lock *out)
{
	char kind[16], advisory[16], mode[16], end[32];
	unsigned int major, minor;
	unsigned long long inode, start;
	int number, pid;

	memset(out, 0, sizeof(*out));
	if (sscanf(line, "%d: %15s %15s %15s %d %x:%x:%llu %llu %31s", &number, kind, advisory, mode,
		   &pid, &major, &minor, &inode, &start, end) != 10)
		return false;
	if (!strcmp(kind, "POSIX"))
		out->kind = cairn_LockKind_LOCK_POSIX;
	else if (!strcmp(kind, "FLOCK"))
		out->kind = cairn_LockKind_LOCK_FLOCK;
	else if (!strcmp(kind, "OFDLCK"))
		out->kind = cairn_LockKind_LOCK_OFD;
	else
		return false;
	out->exclusive = !strcmp(mode, "WRITE");
	out->pid = pid;
	out->dev = makedev(major, minor);
	out->inode = inode;
	out->start = start;
	out->length = strcmp(end, "EOF") ? strtoull(end, NULL, 10) - start + 1 : 0;
	return true;
}

static int save_of_description(struct cr_save *s, const cairn_Description *d, int fd,
			       struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	char path[64], *line, *save = NULL;
	cairn_Lock lock;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line && !ret; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "lock:\t", 6) || !parse(line + 6, &lock) ||
		    lock.kind == cairn_LockKind_LOCK_POSIX)
			continue;
		lock.description = d->id;
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_LOCK, &lock, err);
	}
	return ret;
}

static const cairn_Description *by_inode(const cairn_Description *d, size_t n, uint64_t inode,
					 size_t from)
{
	for (; from < n; from++)
		if (d[from].inode == inode)
			return &d[from];
	return NULL;
}

int cr_locks_save(struct cr_save *s, const pid_t *pids, size_t npids, const cairn_Description *d,
		  const int *fds, size_t n, struct cr_err *err)
{
	cr_auto_free bool *seen = calloc(n + 1, sizeof(*seen));
	cr_auto_free char *text = NULL;
	char *line, *save = NULL;
	const cairn_Description *of;
	cairn_Lock lock;
	int ret = 0;
	size_t i;

	if (!seen || cr_slurp(AT_FDCWD, "/proc/locks", &text) <= 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line && !ret; line = strtok_r(NULL, "\n", &save)) {
		if (!parse(line, &lock) || !(of = by_inode(d, n, lock.inode, 0)))
			continue;
		if (lock.kind == cairn_LockKind_LOCK_POSIX) {
			lock.dev = of->dev;
			for (i = 0; i < npids && pids[i] != lock.pid; i++)
				;
			if (i < npids)
				ret = cr_image_record(s->writer, cairn_RecordType_RECORD_LOCK, &lock,
						      err);
			continue;
		}
		/* Which of the file's descriptions has it, only the descriptions say. */
		for (; of && !ret; of = by_inode(d, n, lock.inode, of - d + 1)) {
			if (!seen[of - d])
				ret = save_of_description(s, of, fds[of - d], err);
			seen[of - d] = true;
		}
	}
	return ret;
}

static int taken(const cairn_Lock *l, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_CHANGED, errno,
		       "the job held a lock on file %llu of device %u:%u, which somebody else has now",
		       (unsigned long long)l->inode, major(l->dev), minor(l->dev));
}

static int take(const cairn_Lock *l, int fd, int command)
{
	struct flock f = { .l_type = l->exclusive ? F_WRLCK : F_RDLCK,
			   .l_whence = SEEK_SET,
			   .l_start = l->start,
			   .l_len = l->length };

	return fcntl(fd, command, &f);
}

int cr_locks_of_description(const struct cr_image *img, const cairn_Description *d, int fd,
			    struct cr_err *err)
{
	size_t i;

	for (i = 0; i < img->locks.n; i++) {
		const cairn_Lock *l = &img->locks.v[i];
		int ret;

		if (l->kind == cairn_LockKind_LOCK_POSIX || l->description != d->id)
			continue;
		if (l->kind == cairn_LockKind_LOCK_FLOCK)
			ret = flock(fd, (l->exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
		else
			ret = take(l, fd, F_OFD_SETLK);
		if (ret)
			return taken(l, err);
	}
	return 0;
}

/* A descriptor of the process for a file, by the descriptions in the image. */
static int fd_for(const struct cr_image *img, const struct cr_process_image *p, const cairn_Lock *l)
{
	size_t i, k, d;

	for (i = 0; i < p->fds.n; i++)
		for (k = 0; k < p->fds.v[i].fds_count; k++)
			for (d = 0; d < img->descriptions.n; d++)
				if (img->descriptions.v[d].id == p->fds.v[i].descriptions[k] &&
				    img->descriptions.v[d].inode == l->inode &&
				    img->descriptions.v[d].dev == l->dev &&
				    (img->descriptions.v[d].flags & O_ACCMODE) !=
					    (l->exclusive ? O_RDONLY : O_WRONLY))
					return p->fds.v[i].fds[k];
	return -1;
}

int cr_locks_of_process(const struct cr_image *img, const struct cr_process_image *p,
			struct cr_err *err)
{
	size_t i;

	for (i = 0; i < img->locks.n; i++) {
		const cairn_Lock *l = &img->locks.v[i];
		int fd;

		if (l->kind != cairn_LockKind_LOCK_POSIX || l->pid != p->process.pid)
			continue;
		fd = fd_for(img, p, l);
		if (fd >= 0 && take(l, fd, F_SETLK))
			return taken(l, err);
	}
	return 0;
}
