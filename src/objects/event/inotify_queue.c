// SPDX-License-Identifier: Apache-2.0
//
// Putting events back into an inotify instance. Nothing but a watched file makes an event, so each
// is made to happen to a file of ours that is watched under the event's number. What is left of
// that watch, a report that it is gone, must not get into the queue: the kernel drops what comes
// when the queue is full, without a word if it has said so before. So the queue is filled up with
// events of two other files first, and these are read out again, one to make room for each that is
// wanted, the rest at the end.
// Runs in the shepherd. The instance must have no watches of the application's meanwhile.
#include "objects/event/inotify_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/runtime.h"

#ifndef INOTIFY_IOC_SETNEXTWD
#define INOTIFY_IOC_SETNEXTWD _IOW('I', 0, int32_t)
#endif

/* Numbers of our own watches: far from those that an application ever sees. */
#define OWN_WD 0x7fff0000
#define PLAIN sizeof(struct inotify_event)

int cr_inotify_next(int fd, int wd)
{
	return ioctl(fd, INOTIFY_IOC_SETNEXTWD, wd) ? -errno : 0;
}

int cr_inotify_take(int fd, char **events, size_t *size)
{
	int flags = fcntl(fd, F_GETFL), bytes = 0, ret = 0;
	ssize_t n = 0;

	*size = 0;
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (!ret && !ioctl(fd, FIONREAD, &bytes) && bytes) {
		char *more = realloc(*events, *size + bytes);

		if (!more)
			return -ENOMEM;
		*events = more;
		n = read(fd, more + *size, bytes);
		if (n <= 0)
			ret = n < 0 && errno != EAGAIN ? -errno : 0;
		if (n <= 0)
			break;
		*size += n;
	}
	fcntl(fd, F_SETFL, flags);
	return ret;
}

int cr_inotify_add(int fd, const char *path, uint32_t mask, int wd)
{
	cr_auto_free char *junk = NULL;
	int got, tries, ret = cr_inotify_next(fd, wd);
	size_t size;

	got = inotify_add_watch(fd, path, mask);
	/* Where the number cannot be set, they count up: make and unmake those in between. */
	for (tries = 0; ret && got >= 0 && got < wd && tries < 1000000; tries++) {
		inotify_rm_watch(fd, got);
		got = inotify_add_watch(fd, path, mask);
	}
	if (tries)
		cr_inotify_take(fd, &junk, &size);
	if (got < 0)
		return -errno;
	return got == wd ? 0 : -EEXIST;
}

static int queued(int fd)
{
	int bytes = 0;

	ioctl(fd, FIONREAD, &bytes);
	return bytes;
}

/* ---- files to which things happen ---- */

static int make_node(int dir, const char *name, bool is_dir)
{
	cr_auto_fd fd = -1;

	if (is_dir)
		return mkdirat(dir, name, 0700);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return write(fd, "x", 1) == 1 ? 0 : -1;
}

static int open_close(int dir, const char *name, int mode)
{
	int fd = openat(dir, name, mode | O_CLOEXEC);

	return fd < 0 ? -1 : close(fd);
}

/* Makes something happen to name in dir; spare is a directory that nobody watches. */
static int happen(uint32_t bit, bool is_dir, int dir, const char *name, int spare)
{
	char byte, entries[1024];
	cr_auto_fd fd = -1;

	switch (bit) {
	case IN_CREATE:
		return make_node(dir, name, is_dir);
	case IN_DELETE:
	case IN_DELETE_SELF:
		return unlinkat(dir, name, is_dir ? AT_REMOVEDIR : 0);
	case IN_MOVED_FROM:
	case IN_MOVE_SELF:
		return renameat(dir, name, spare, "moved");
	case IN_MOVED_TO:
		return renameat(spare, "moving", dir, name);
	case IN_ATTRIB:
		return fchmodat(dir, name, 0700, 0);
	case IN_OPEN:
	case IN_CLOSE_NOWRITE:
		return open_close(dir, name, O_RDONLY);
	case IN_CLOSE_WRITE:
		return open_close(dir, name, O_WRONLY);
	case IN_MODIFY:
		fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
		return write(fd, "y", 1) == 1 ? 0 : -1;
	case IN_ACCESS:
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
		if (is_dir)
			return syscall(SYS_getdents64, fd, entries, sizeof(entries)) > 0 ? 0 : -1;
		return read(fd, &byte, 1) == 1 ? 0 : -1;
	default:
		return -1;
	}
}

/* ---- the queue ---- */

int cr_inotify_possible(int fd)
{
	struct cr_err err = { 0 };
	char dir[CR_PATH_MAX];
	int ret = cr_inotify_next(fd, OWN_WD);

	if (ret || cr_runtime_dir(dir, &err))
		return ret ? ret : -EIO;
	return access(dir, W_OK) ? -errno : 0;
}

static int inotify_queue_start(struct cr_inotify_queue *q, struct cr_err *err)
{
	cr_auto_free char *gone = NULL;
	char dir[CR_PATH_MAX], path[CR_PATH_MAX + 8];
	int i, ret = cr_runtime_dir(dir, err);
	size_t size;

	if (ret)
		return ret;
	if (snprintf(q->path, sizeof(q->path), "%s/.inotify.XXXXXX", dir) >= (int)sizeof(q->path) ||
	    !mkdtemp(q->path) || (q->dir = open(q->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    mkdirat(q->dir, "spare", 0700) ||
	    (q->spare = openat(q->dir, "spare", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot make files in %s", dir);
	/* Its number is the next one; taking it away is a report, which is read. */
	q->next_wd = inotify_add_watch(q->fd, q->path, IN_CREATE);
	inotify_rm_watch(q->fd, q->next_wd);
	cr_inotify_take(q->fd, &gone, &size);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%d", q->path, i);
		if (make_node(q->dir, path + strlen(path) - 1, false) ||
		    (q->file[i] = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
		    cr_inotify_add(q->fd, path, IN_ACCESS, OWN_WD + i))
			return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
				       "this kernel cannot put inotify events back");
	}
	return 0;
}

int cr_inotify_begin(struct cr_inotify_queue *q, int fd, struct cr_err *err)
{
	int before, after, i, ret;
	char byte;

	*q = (struct cr_inotify_queue){ .fd = fd, .dir = -1, .spare = -1, .file = { -1, -1 } };
	/* What we do is no reason for a signal. */
	q->flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, q->flags & ~O_ASYNC);
	ret = inotify_queue_start(q, err);
	if (ret)
		return ret;
	for (after = queued(fd), before = -1; after > before; after = queued(fd)) {
		before = after;
		for (i = 0; i < 1024; i++)
			if (pread(q->file[i % 2], &byte, 1, 0) != 1)
				return cr_fail(err, CR_EXIT_IO, errno, "cannot read %s", q->path);
	}
	/* One more than fits: the last says that some were lost. */
	q->junk = after / PLAIN;
	q->above = 1;
	return 0;
}

/* Takes from the queue's head what we have put there. */
static bool inotify_queue_make_room(struct cr_inotify_queue *q, size_t n)
{
	char buf[4 * PLAIN];

	n += q->above;
	q->above = 0;
	if (n > 4 || n > q->junk || read(q->fd, buf, n * PLAIN) != (ssize_t)(n * PLAIN))
		return false;
	q->junk -= n;
	return true;
}

/* A watched file or directory for what shall happen; its descriptor, if that is in a directory. */
static int stage(struct cr_inotify_queue *q, const struct inotify_event *e, char name[16])
{
	bool in_dir = e->len;

	snprintf(name, 16, "e%u", q->serial++);
	if (make_node(q->dir, name, in_dir || e->mask & IN_ISDIR))
		return -1;
	return in_dir ? openat(q->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			fcntl(q->dir, F_DUPFD_CLOEXEC, 3);
}

static int inotify_queue_watch(struct cr_inotify_queue *q, const char *name, uint32_t mask, int wd)
{
	char path[CR_PATH_MAX + 20];

	snprintf(path, sizeof(path), "%s/%s", q->path, name);
	return cr_inotify_add(q->fd, path, mask, wd);
}

/* Both ends of a rename have one cookie, so they must be one rename. */
static int put_rename(struct cr_inotify_queue *q, const struct inotify_event *from,
		      const struct inotify_event *to)
{
	char a[16], b[16];
	cr_auto_fd dir_a = stage(q, from, a), dir_b = stage(q, to, b);
	bool same = from->wd == to->wd;
	int ret;

	if (make_node(dir_a, from->name, from->mask & IN_ISDIR) || !inotify_queue_make_room(q, 2) ||
	    inotify_queue_watch(q, a, same ? IN_MOVE : IN_MOVED_FROM, from->wd) ||
	    (!same && inotify_queue_watch(q, b, IN_MOVED_TO, to->wd)))
		return -1;
	ret = renameat(dir_a, from->name, same ? dir_a : dir_b, to->name);
	inotify_rm_watch(q->fd, from->wd);
	if (!same)
		inotify_rm_watch(q->fd, to->wd);
	return ret;
}

static int inotify_queue_put(struct cr_inotify_queue *q, const struct inotify_event *e)
{
	uint32_t bit = e->mask & IN_ALL_EVENTS;
	bool is_dir = e->mask & IN_ISDIR;
	const char *name;
	char own[16];
	cr_auto_fd dir = -1;
	int ret;

	/* Ours, from the beginning, stays: some were lost, whichever. */
	if (e->mask & IN_Q_OVERFLOW) {
		q->overflow = true;
		return 0;
	}
	dir = stage(q, e, own);
	if (dir < 0)
		return -1;
	name = e->len ? e->name : own;
	if (e->mask & IN_IGNORED) {
		if (inotify_queue_watch(q, own, IN_ATTRIB, e->wd) || !inotify_queue_make_room(q, 1))
			return -1;
		return inotify_rm_watch(q->fd, e->wd);
	}
	ret = 0;
	if (e->len && bit == IN_MOVED_TO)
		ret = make_node(q->spare, "moving", is_dir);
	else if (e->len && bit != IN_CREATE)
		ret = make_node(dir, name, is_dir);
	if (ret || inotify_queue_watch(q, own, bit, e->wd) || !inotify_queue_make_room(q, 1))
		return -1;
	ret = happen(bit, is_dir, dir, name, q->spare);
	if (!ret)
		inotify_rm_watch(q->fd, e->wd);
	unlinkat(q->spare, "moved", is_dir ? AT_REMOVEDIR : 0);
	return ret;
}

int cr_inotify_put(struct cr_inotify_queue *q, const char *events, size_t size)
{
	const struct inotify_event *e, *next;
	size_t at, len;
	int ret = 0;

	for (at = 0; at + PLAIN <= size; at += len) {
		e = (const void *)(events + at);
		len = PLAIN + e->len;
		if (at + len > size)
			return -EPROTO;
		next = (const void *)(events + at + len);
		if (e->mask & IN_MOVED_FROM && at + len + PLAIN <= size &&
		    next->mask & IN_MOVED_TO && next->cookie == e->cookie &&
		    at + len + PLAIN + next->len <= size) {
			ret |= put_rename(q, e, next);
			len += PLAIN + next->len;
			continue;
		}
		ret |= inotify_queue_put(q, e);
	}
	return ret ? -EIO : 0;
}

static int remove_node(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

void cr_inotify_end(struct cr_inotify_queue *q)
{
	size_t rest = q->junk > q->overflow ? q->junk - q->overflow : 0;
	cr_auto_free char *buf = malloc(rest * PLAIN + 1);
	int i;

	/* The queue is full to this moment: nobody hears of it. */
	for (i = 0; i < 2; i++)
		if (q->file[i] >= 0)
			inotify_rm_watch(q->fd, OWN_WD + i);
	if (buf && rest && read(q->fd, buf, rest * PLAIN) < 0)
		q->junk = 0;
	fcntl(q->fd, F_SETFL, q->flags);
	for (i = 0; i < 2; i++)
		cr_close_fd(&q->file[i]);
	cr_close_fd(&q->spare);
	cr_close_fd(&q->dir);
	nftw(q->path, remove_node, 8, FTW_DEPTH | FTW_PHYS);
}
