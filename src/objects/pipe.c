// SPDX-License-Identifier: Apache-2.0
//
// Pipes with both ends inside the job, and their content. tee(2) copies it without taking it; the
// packets of O_DIRECT pipes stay apart.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "objects/object.h"

static int copy_content(int from, cairn_Pipe *m, char *buf, size_t room, size_t *len)
{
	cr_auto_fd in = -1, out = -1;
	int p[2];
	ssize_t n;

	*len = 0;
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	in = p[0];
	out = p[1];
	fcntl(out, F_SETPIPE_SZ, m->capacity);
	n = tee(from, out, INT32_MAX, SPLICE_F_NONBLOCK);
	if (n <= 0)
		return n < 0 && errno != EAGAIN ? -errno : 0;
	for (; *len < (size_t)n; *len += room) {
		ssize_t got = read(in, buf + *len, n - *len);

		if (got <= 0)
			return -EIO;
		if (m->packets_count == CR_ARRAY_SIZE(m->packets))
			return -E2BIG;
		/* A read ends at a packet's end; of a stream it takes all. */
		m->packets[m->packets_count++] = got;
		room = got;
	}
	return 0;
}

int cr_pipe_note(struct cr_save *s, const struct cr_fd_view *v, const char *path, uint32_t *id,
		 struct cr_err *err)
{
	cr_auto_free char *buf = NULL;
	cr_auto_fd reader = -1;
	char self[64];
	cairn_Pipe *m;
	size_t i, len = 0;
	int ret, queued = 0;

	for (i = 0; i < s->pipes.n; i++) {
		if (s->pipes.v[i].inode == v->st.st_ino &&
		    !strcmp(s->pipes.v[i].path, path ? path : "")) {
			*id = s->pipes.v[i].id;
			return 0;
		}
	}
	m = cr_list_add(&s->pipes);
	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a pipe");
	m->id = *id = ++s->next_id;
	m->inode = v->st.st_ino;
	m->mode = v->st.st_mode;
	m->capacity = fcntl(v->fd, F_GETPIPE_SZ);
	if (path)
		snprintf(m->path, sizeof(m->path), "%s", path);
	/* Reading needs a reading end; through /proc any end gives one. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", v->fd);
	reader = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (reader < 0)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "process %d: cannot read pipe fd %d", v->pid, v->number);
	if (ioctl(reader, FIONREAD, &queued) || !queued)
		return 0;
	buf = malloc(queued);
	if (!buf)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a pipe");
	ret = copy_content(reader, m, buf, queued, &len);
	if (ret)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, -ret,
			       "process %d: cannot copy the content of pipe fd %d", v->pid,
			       v->number);
	m->has_content = true;
	return cr_image_blob(s->writer, buf, len, &m->content, err);
}

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISFIFO(v->st.st_mode) && !strncmp(v->link, "pipe:", 5);
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	return cr_pipe_note(s, v, NULL, &d->object, err);
}

int cr_pipe_index(const struct cr_image *img, uint32_t id)
{
	size_t i;

	for (i = 0; i < img->pipes.n; i++)
		if (img->pipes.v[i].id == id)
			return i;
	return -ENOENT;
}

/* Makes the pipe (or opens the FIFO both ways) and fills it. */
static int prepare(struct cr_restore *r, const cairn_Pipe *m, int fds[2], struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	size_t i, at = 0;
	int ret;

	if (m->path[0]) {
		if (mkfifo(m->path, m->mode & 07777) && errno != EEXIST)
			return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot make the FIFO %s again",
				       m->path);
		fds[0] = open(m->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		fds[1] = open(m->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fds[0] < 0 || fds[1] < 0)
			return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot open the FIFO %s",
				       m->path);
	} else if (pipe2(fds, O_CLOEXEC | O_NONBLOCK)) {
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot make a pipe");
	}
	if (m->capacity && (uint32_t)fcntl(fds[1], F_GETPIPE_SZ) != m->capacity &&
	    fcntl(fds[1], F_SETPIPE_SZ, m->capacity) < 0)
		return cr_fail(err, CR_EXIT_NAMESPACE, errno,
			       "cannot make a pipe of %u bytes (raise fs.pipe-max-size)",
			       m->capacity);
	if (!m->has_content)
		return 0;
	ret = cr_image_read_blob(r->img, &m->content, &data, err);
	if (ret)
		return ret;
	/* More than one piece means packets: write them as such. */
	if (m->packets_count > 1)
		fcntl(fds[1], F_SETFL, O_NONBLOCK | O_DIRECT);
	for (i = 0; i < m->packets_count && at + m->packets[i] <= m->content.size; i++) {
		if (write(fds[1], (char *)data + at, m->packets[i]) != (ssize_t)m->packets[i])
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot fill a pipe");
		at += m->packets[i];
	}
	return 0;
}

int cr_pipes_prepare(struct cr_restore *r, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->pipes.n && !ret; i++)
		ret = prepare(r, &r->img->pipes.v[i], r->pipe_fd[i], err);
	return ret;
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int i = cr_pipe_index(r->img, d->object), fd;
	char path[64];

	if (i < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks pipe %u", d->object);
	/* A new description each, as each had its own. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->pipe_fd[i][0]);
	fd = open(path, (d->flags & (O_ACCMODE | O_NONBLOCK)) | O_CLOEXEC);
	/* Packet mode is a matter of the writing end, and may be set only where pipe2 made it. */
	if (fd >= 0 && d->flags & O_DIRECT && (d->flags & O_ACCMODE) == O_WRONLY) {
		close(fd);
		fd = fcntl(r->pipe_fd[i][1], F_DUPFD_CLOEXEC, 3);
		fcntl(fd, F_SETFL, d->flags & (O_NONBLOCK | O_DIRECT));
	}
	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot open a pipe again");
	return fd;
}

const struct cr_object cr_object_pipe = {
	.kind = cairn_ObjectKind_OBJECT_PIPE,
	.name = "pipe",
	.match = match,
	.save = save,
	.restore = restore,
};
