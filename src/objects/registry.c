// SPDX-License-Identifier: Apache-2.0
//
// All kinds of objects, in the order in which they are asked. To add one: its file, and its row.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "objects/object.h"

static const struct cr_object *const objects[] = {
	&cr_object_path,   &cr_object_stdio,	 &cr_object_tty,
	&cr_object_shared, &cr_object_pipe,	 &cr_object_fifo,
	&cr_object_device, &cr_object_directory, &cr_object_regular,
};

void cr_outside_read(struct cr_outside *out)
{
	char path[64], link[CR_PATH_MAX];
	int fd;

	memset(out, 0, sizeof(*out));
	getrlimit(RLIMIT_NOFILE, &out->limit);
	for (fd = 0; fd < 1024 && out->nslots < CR_SLOTS; fd++) {
		struct cr_slot *s = &out->slots[out->nslots];
		ssize_t n;

		if (fstat(fd, &s->st))
			continue;
		/* Our own library's or a debugger's: not something the job could have inherited. */
		if (fd > 2 && fcntl(fd, F_GETFD) & FD_CLOEXEC)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = 0;
		s->fd = fd;
		s->tty = isatty(fd);
		out->nslots++;
	}
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0) {
		unsigned int dev = 0;

		if (!ioctl(fd, TIOCGDEV, &dev))
			out->tty = dev;
		close(fd);
	}
}

static const char *refused_name(const struct cr_fd_view *v)
{
	if (S_ISSOCK(v->st.st_mode))
		return "a socket";
	if (strstr(v->link, "[eventpoll]"))
		return "an epoll instance";
	if (strstr(v->link, "[eventfd]"))
		return "an eventfd";
	if (strstr(v->link, "[timerfd]"))
		return "a timerfd";
	if (strstr(v->link, "[signalfd]"))
		return "a signalfd";
	if (strstr(v->link, "inotify"))
		return "an inotify instance";
	if (strstr(v->link, "[pidfd]") || !strncmp(v->link, "pidfd:", 6))
		return "a pidfd";
	if (S_ISCHR(v->st.st_mode))
		return "a character device";
	if (S_ISBLK(v->st.st_mode))
		return "a block device";
	if (v->link[0] != '/')
		return "a namespace";
	if (S_ISREG(v->st.st_mode))
		return "a POSIX message queue";
	return "an object of a kind that Cairn does not know";
}

static void save_owner(const struct cr_fd_view *v, cairn_Description *d)
{
	struct f_owner_ex owner;

	if (v->flags & O_PATH || fcntl(v->fd, F_GETOWN_EX, &owner))
		return;
	d->owner = owner.pid;
	d->owner_type = owner.type;
	d->owner_signal = fcntl(v->fd, F_GETSIG);
}

void cr_object_owner(int fd, const cairn_Description *d)
{
	struct f_owner_ex owner = { d->owner_type, d->owner };

	if (d->owner_signal)
		fcntl(fd, F_SETSIG, d->owner_signal);
	if (d->owner)
		fcntl(fd, F_SETOWN_EX, &owner);
	if (d->flags & O_ASYNC)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

bool cr_object_is_late(const cairn_Description *d)
{
	return d->kind == cairn_ObjectKind_OBJECT_REGULAR && !strncmp(d->path, "/proc/", 6);
}

int cr_object_late(const cairn_Description *d, int base, struct cr_err *err)
{
	cr_auto_fd fd = cr_reopen(d->path, d, err);

	if (fd < 0)
		return fd;
	if (d->offset)
		lseek(fd, d->offset, SEEK_SET);
	return fcntl(fd, F_DUPFD_CLOEXEC, base);
}

int cr_object_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		   struct cr_err *err)
{
	size_t i;

	memset(d, 0, sizeof(*d));
	d->id = ++s->next_id;
	d->flags = v->flags;
	d->dev = v->st.st_dev;
	d->inode = v->st.st_ino;
	d->rdev = v->st.st_rdev;
	save_owner(v, d);
	for (i = 0; i < CR_ARRAY_SIZE(objects); i++) {
		if (!objects[i]->match(s, v))
			continue;
		d->kind = objects[i]->kind;
		return objects[i]->save(s, v, d, err);
	}
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has %s (fd %d, %s), which cannot be saved yet: close it or run "
		       "the checkpoint when it is closed; the job goes on",
		       v->pid, refused_name(v), v->number, v->link);
}

int cr_objects_finish(struct cr_save *s, struct cr_err *err)
{
	int ret = cr_inodes_store(s, err);
	size_t i;

	if (!ret)
		ret = cr_shared_store(s, err);
	for (i = 0; i < s->pipes.n && !ret; i++)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_PIPE, &s->pipes.v[i], err);
	return ret;
}

void cr_save_free(struct cr_save *s)
{
	size_t i;

	for (i = 0; i < s->inodes.n; i++)
		cr_close_fd(&s->inodes.v[i].fd);
	for (i = 0; i < s->shared.n; i++)
		cr_close_fd(&s->shared.v[i].fd);
	free(s->inodes.v);
	free(s->shared.v);
	free(s->pipes.v);
	memset(s, 0, sizeof(*s));
}

static int *closed_fds(size_t n)
{
	int *fds = malloc((n + 1) * sizeof(*fds));
	size_t i;

	for (i = 0; fds && i < n; i++)
		fds[i] = -1;
	return fds;
}

int cr_objects_prepare(struct cr_restore *r, struct cr_err *err)
{
	int ret;

	r->inode_fd = closed_fds(r->img->inodes.n);
	r->shared_fd = closed_fds(r->img->shared.n);
	r->pipe_fd = (void *)closed_fds(r->img->pipes.n * 2);
	if (!r->inode_fd || !r->shared_fd || !r->pipe_fd)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
	ret = cr_inodes_prepare(r, err);
	if (!ret)
		ret = cr_shared_prepare(r, err);
	return ret ? ret : cr_pipes_prepare(r, err);
}

int cr_object_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(objects); i++)
		if (objects[i]->kind == d->kind)
			return objects[i]->restore(r, d, err);
	return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image has an object of unknown kind %d",
		       d->kind);
}

int cr_objects_apply(struct cr_restore *r, struct cr_err *err)
{
	return cr_inodes_apply(r, err);
}

static void close_all(int *fds, size_t n)
{
	size_t i;

	for (i = 0; fds && i < n; i++)
		cr_close_fd(&fds[i]);
	free(fds);
}

void cr_restore_free(struct cr_restore *r)
{
	close_all(r->inode_fd, r->img->inodes.n);
	close_all(r->shared_fd, r->img->shared.n);
	close_all((int *)r->pipe_fd, r->img->pipes.n * 2);
	r->inode_fd = r->shared_fd = NULL;
	r->pipe_fd = NULL;
}

int cr_reopen(const char *path, const cairn_Description *d, struct cr_err *err)
{
	/* What is a property of open(2) itself, not of what it made, is not done again. */
	int flags = d->flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC | O_ASYNC |
				 (strncmp(path, "/proc/self/fd/", 14) ? 0 : O_NOFOLLOW));
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY);

	if ((flags & O_TMPFILE) == O_TMPFILE)
		fd = open(path, (flags & ~O_TMPFILE) | O_CLOEXEC);
	/* O_NOATIME is for owners only. */
	if (fd < 0 && errno == EPERM && flags & O_NOATIME)
		fd = open(path, (flags & ~O_NOATIME) | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "the job had %s open, which cannot be opened now (put it back, or "
			       "restart where it is)",
			       d->path);
	return fd;
}
