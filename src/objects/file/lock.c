// SPDX-License-Identifier: Apache-2.0
//
// File locks. fcntl's belong to a process, which takes them again when its descriptors stand. OFD
// locks and flock's belong to a description: the shepherd takes the former, which are nobody's;
// of the latter the kernel notes who took them, so the same process does, whether it still has the
// file or not, and for one that is gone somebody who is gone at once. fdinfo tells of all.
#include "objects/file/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/image_write.h"
#include "common/proc.h"
#include "objects/core/index.h"
#include "objects/core/registry.h"
#include "objects/shape/shapes.h"

/* "1: POSIX  ADVISORY  WRITE 708 08:02:1234 0 EOF"; false for waiters and other kinds. */
static bool lock_parse(const char *line, cairn_Lock *out)
{
	char kind[16], advisory[16], mode[16], end[32];
	unsigned int major, minor;
	unsigned long long inode, start;
	int number, pid;

	memset(out, 0, sizeof(*out));
	if (sscanf(line, "%d: %15s %15s %15s %d %x:%x:%llu %llu %31s", &number, kind, advisory,
		   mode, &pid, &major, &minor, &inode, &start, end) != 10)
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

/* What fdinfo costs is paid only for what somebody locks in practice. */
static bool lockable(const cairn_Description *d)
{
	const struct cr_shape *s = cr_shape_of(d->kind);

	return s && s->lockable;
}

/*
 * What a lease was that is being broken: the kernel tells what it is to become. Its holder gives it
 * up after a restart as it would have before; who waits for that asks again.
 */
static int broken_lease(const char *line, int flags)
{
	return (flags & O_ACCMODE) == O_RDONLY && !strstr(line, " READ ") ? F_RDLCK : F_WRLCK;
}

static bool lock_of_job(const struct cr_save *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->parties.n; i++)
		if (s->parties.v[i].pid == pid)
			return true;
	return false;
}

/* One shows with every process that shares a table of descriptors, and is one's who took it. */
static bool is_anothers(const struct cr_save *s, const cairn_Lock *lock, pid_t pid)
{
	return lock->pid != pid && lock_of_job(s, lock->pid) &&
	       !syscall(SYS_kcmp, lock->pid, pid, KCMP_FILES, 0, 0);
}

int cr_locks_save(struct cr_save *s, pid_t pid, int tid, int number,
		  struct cr_saved_description *sd, struct cr_err *err)
{
	const cairn_Description *d = &sd->m;
	pid_t seen = sd->locks_of;
	cr_auto_free char *text = NULL;
	char path[64], *line, *save = NULL;
	cairn_Lock lock;
	int ret = 0;

	/* A process's descriptors of one description show the same, and stand together. */
	if (!lockable(d) || seen == pid)
		return 0;
	sd->locks_of = pid;
	/* Not /proc/locks: to read that is to wait for every CPU. */
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", tid, number);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line && !ret; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "lock:\t", 6))
			continue;
		if (strstr(line, "LEASE") && strstr(line, "BREAKING")) {
			sd->m.lease = 1 + broken_lease(line, d->flags);
			sd->m.lease_broken = 1 + (strstr(line, " READ ") ? F_RDLCK : F_UNLCK);
		}
		if (!lock_parse(line + 6, &lock))
			continue;
		/* Those of the description itself show in every process that has it. */
		if (lock.kind != cairn_LockKind_LOCK_POSIX && seen)
			continue;
		if (lock.kind == cairn_LockKind_LOCK_POSIX && is_anothers(s, &lock, pid))
			continue;
		if (lock.kind == cairn_LockKind_LOCK_POSIX)
			lock.pid = pid;
		lock.dev = d->dev;
		lock.description = d->id;
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_LOCK, &lock, err);
	}
	return ret;
}

static int lock_taken(const cairn_Lock *l, struct cr_err *err)
{
	return cr_fail(
		err, CR_EXIT_CHANGED, errno,
		"the job held a lock on file %llu of device %u:%u, which somebody else has now",
		(unsigned long long)l->inode, major(l->dev), minor(l->dev));
}

static int lock_take(const cairn_Lock *l, int fd, int command)
{
	struct flock f = { .l_type = l->exclusive ? F_WRLCK : F_RDLCK,
			   .l_whence = SEEK_SET,
			   .l_start = l->start,
			   .l_len = l->length };

	return fcntl(fd, command, &f);
}

static int flock_again(const cairn_Lock *l, int fd)
{
	return flock(fd, (l->exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
}

static bool lock_in_image(const struct cr_image *img, pid_t pid)
{
	size_t i;

	for (i = 0; i < img->processes.n; i++)
		if (img->processes.v[i].process.pid == pid)
			return true;
	return false;
}

/* By one who is gone: nobody else shall be taken for its owner. */
static int flock_for_dead(const cairn_Lock *l, int fd)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		_exit(flock_again(l, fd) ? errno : 0);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && !status)
		return 0;
	errno = pid < 0 ? errno : WEXITSTATUS(status);
	return -1;
}

static int opened(struct cr_restore *r, const cairn_Description *d, int fd, struct cr_err *err)
{
	const struct cr_image *img = r->img;
	size_t i;

	for (i = 0; i < img->locks.n; i++) {
		const cairn_Lock *l = &img->locks.v[i];
		int ret = 0;

		/* Seen through each descriptor of it; once taken, taken again does no harm. */
		if (l->kind == cairn_LockKind_LOCK_POSIX || l->description != d->id)
			continue;
		if (l->kind == cairn_LockKind_LOCK_OFD)
			ret = lock_take(l, fd, F_OFD_SETLK);
		else if (!lock_in_image(img, l->pid))
			ret = flock_for_dead(l, fd);
		if (ret)
			return lock_taken(l, err);
	}
	return 0;
}

int cr_locks_by_process(struct cr_restore *r, pid_t pid, struct cr_err *err)
{
	const struct cr_image *img = r->img;
	size_t i;

	for (i = 0; i < img->locks.n; i++) {
		const cairn_Lock *l = &img->locks.v[i];
		int d, fd;

		if (l->kind != cairn_LockKind_LOCK_FLOCK || l->pid != pid)
			continue;
		d = cr_description_index(img, l->description);
		if (d < 0)
			continue;
		fd = cr_object_take(r, d, err);
		if (fd < 0)
			return fd;
		if (flock_again(l, fd))
			return lock_taken(l, err);
	}
	return 0;
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
		fd = cr_first_number(img, p->process.pid, l->description);
		if (fd >= 0 && lock_take(l, fd, F_SETLK))
			return lock_taken(l, err);
	}
	return 0;
}

const struct cr_object cr_object_lock = {
	.opened = opened,
};
