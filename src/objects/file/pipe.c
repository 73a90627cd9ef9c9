// SPDX-License-Identifier: Apache-2.0
//
// Pipes with both ends inside the job, and their content. tee(2) copies it without taking it; the
// packets of O_DIRECT pipes stay apart.
#include "objects/file/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/index.h"
#include "objects/core/object.h"
#include "objects/core/rights.h"
#include "objects/core/save.h"
#include "objects/file/folder.h"
#include "objects/shape/shape.h"

#define LARGEFILE 0100000 /* the kernel's; to libc it is 0 here */

/* A pipe of our own that content goes through, empty between two uses; one for all of a save. */
struct through {
	int ends[2];
	uint32_t capacity;
};

static void pipe_free_save(struct cr_save *s)
{
	struct through *t = s->state[cairn_ObjectKind_OBJECT_PIPE];

	if (!t)
		return;
	cr_close_fd(&t->ends[0]);
	cr_close_fd(&t->ends[1]);
	free(t);
}

static struct through *through(struct cr_save *s, uint32_t capacity)
{
	struct through *t = s->state[cairn_ObjectKind_OBJECT_PIPE];

	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t || pipe2(t->ends, O_CLOEXEC | O_NONBLOCK)) {
			free(t);
			return NULL;
		}
		s->state[cairn_ObjectKind_OBJECT_PIPE] = t;
	}
	if (t->capacity != capacity)
		t->capacity = fcntl(t->ends[1], F_SETPIPE_SZ, capacity);
	return t;
}

static int copy_content(const struct through *t, int from, cairn_Pipe *m, char *buf, size_t room,
			size_t *len)
{
	ssize_t n = tee(from, t->ends[1], INT32_MAX, SPLICE_F_NONBLOCK);

	*len = 0;
	if (n <= 0)
		return n < 0 && errno != EAGAIN ? -errno : 0;
	for (; *len < (size_t)n; *len += room) {
		ssize_t got = read(t->ends[0], buf + *len, n - *len);

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

/*
 * Stores what is queued. A reading end can be had of any end of a pipe through /proc; but who waits
 * for a reader of a FIFO would wake of that.
 */
static int pipe_store_content(struct cr_save *s, const struct cr_fd_view *v, cairn_Pipe *m,
			      int queued, struct cr_err *err)
{
	const struct through *t = through(s, m->capacity);
	cr_auto_free char *buf = malloc(queued);
	cr_auto_fd reader = -1;
	size_t len = 0;
	int ret;

	if (!buf || !t)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a pipe");
	reader = (v->flags & O_ACCMODE) == O_WRONLY ?
			 open(cr_fd_path(v->fd).text, O_RDONLY | O_NONBLOCK | O_CLOEXEC) :
			 fcntl(v->fd, F_DUPFD_CLOEXEC, 0);
	if (reader < 0)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "process %d: cannot read pipe fd %d", v->pid, v->number);
	ret = copy_content(t, reader, m, buf, queued, &len);
	if (ret)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, -ret,
			       "process %d: cannot copy the content of pipe fd %d", v->pid,
			       v->number);
	m->has_content = true;
	return cr_image_blob(s->writer, buf, len, &m->content, err);
}

int cr_pipe_note(struct cr_save *s, const struct cr_fd_view *v, const char *path, uint32_t *id,
		 struct cr_err *err)
{
	cairn_Pipe *m = NULL;
	int queued = 0;
	size_t i;

	/* A pipe is known by its other descriptions; a FIFO may have more than one name. */
	for (i = 0; path && i < s->pipes.n && !m; i++)
		if (s->pipes.v[i].inode == v->st.st_ino && s->pipes.v[i].dev == v->st.st_dev)
			m = &s->pipes.v[i];
	if (!m)
		m = cr_list_add(&s->pipes);
	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a pipe");
	if (!m->id) {
		m->id = ++s->next_id;
		m->dev = v->st.st_dev;
		m->inode = v->st.st_ino;
		m->mode = v->st.st_mode;
		m->capacity = fcntl(v->fd, F_GETPIPE_SZ);
		m->deleted = true;
	}
	*id = m->id;
	/* A name that is there is better than one that was. */
	if (path && m->deleted) {
		snprintf(m->path, sizeof(m->path), "%s", path);
		m->deleted = v->deleted;
	}
	if (m->has_content || (path && (v->flags & O_ACCMODE) == O_WRONLY))
		return 0;
	if (ioctl(v->fd, FIONREAD, &queued) || !queued)
		return 0;
	return pipe_store_content(s, v, m, queued, err);
}

static bool pipe_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISFIFO(v->st.st_mode) && !strncmp(v->link, "pipe:", 5);
}

static int pipe_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		     struct cr_err *err)
{
	const cairn_Description *other = cr_description_sibling(s, &v->st, d);

	if (!other)
		return cr_pipe_note(s, v, NULL, &d->object, err);
	d->object = other->object;
	return 0;
}

static int pipe_store(struct cr_save *s, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < s->pipes.n && !ret; i++)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_PIPE, &s->pipes.v[i], err);
	return ret;
}

int cr_pipe_index(const struct cr_image *img, uint32_t id)
{
	/* They are written in the order of their ids. */
	size_t at = CR_FIRST_NOT(i, 0, img->pipes.n, img->pipes.v[i].id < id);

	return at < img->pipes.n && img->pipes.v[at].id == id ? (int)at : -ENOENT;
}

/* On behalf of a process that has it open. */
static struct cr_behalf behalf_of(const struct cr_restore *r, const cairn_Pipe *m)
{
	size_t i;

	for (i = 0; i < r->img->descriptions.n; i++)
		if (r->img->descriptions.v[i].kind == cairn_ObjectKind_OBJECT_FIFO &&
		    r->img->descriptions.v[i].object == m->id)
			return cr_behalf_of_description(r, &r->img->descriptions.v[i]);
	return (struct cr_behalf){ 0 };
}

/* A FIFO by its name, as O_PATH; made again if it is missing. */
static int find_fifo(struct cr_restore *r, const cairn_Pipe *m)
{
	bool made =
		!cr_reach_mkfifo(m->path, 0600) ||
		(errno == ENOENT && cr_folders_make(r, m->path) && !cr_reach_mkfifo(m->path, 0600));
	int fd;

	if (!made && errno != EEXIST)
		return -1;
	fd = cr_reach_open(m->path, O_PATH, S_IFIFO);
	cr_rights_for(m->path);
	if (made && fd >= 0)
		chmod(cr_fd_path(fd).text, m->mode & 07777);
	cr_rights_back();
	return fd;
}

/* Both ends of a FIFO, by its name or the descriptor of one that has none. */
static int open_fifo(struct cr_restore *r, const cairn_Pipe *m, int fds[2], struct cr_err *err)
{
	int ghost = m->deleted ? cr_inode_index(r->img, m->dev, m->inode) : -1;
	cr_auto_fd found = ghost < 0 ? find_fifo(r, m) : -1;
	int at = ghost < 0 ? found : r->inode_fd[ghost];

	if (at < 0)
		return cr_fail(err, CR_EXIT_CHANGED, cr_reach_hint(errno)[0] ? 0 : errno,
			       "cannot make the FIFO %s again%s", m->path, cr_reach_hint(errno));
	fds[0] = cr_reach_again(at, m->path, O_RDONLY | O_NONBLOCK);
	fds[1] = cr_reach_again(at, m->path, O_WRONLY | O_NONBLOCK);
	if (fds[0] < 0 || fds[1] < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot open the FIFO %s", m->path);
	return 0;
}

static bool written_to(const struct cr_image *img, const cairn_Pipe *m)
{
	size_t i;

	for (i = 0; i < img->descriptions.n; i++)
		if (img->descriptions.v[i].kind == cairn_ObjectKind_OBJECT_FIFO &&
		    img->descriptions.v[i].object == m->id &&
		    (img->descriptions.v[i].flags & O_ACCMODE) != O_RDONLY)
			return true;
	return false;
}

/* Makes the pipe (or opens the FIFO both ways) and fills it. */
static int make_full(struct cr_restore *r, const cairn_Pipe *m, int fds[2], struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	size_t i, at = 0;
	int ret;

	if (m->path[0]) {
		struct cr_behalf before = cr_on_behalf(behalf_of(r, m));

		ret = open_fifo(r, m, fds, err);
		cr_on_behalf(before);
		if (ret)
			return ret;
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

static int pipe_begin(struct cr_restore *r, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < r->img->pipes.n && !ret; i++) {
		const cairn_Pipe *m = &r->img->pipes.v[i];

		ret = make_full(r, m, r->pipe_fd[i], err);
		/* Whether a reader sees a hang-up follows from who was there when it came. */
		if (!ret && m->path[0] && !written_to(r->img, m))
			cr_close_fd(&r->pipe_fd[i][1]);
	}
	return ret;
}

static int own_end(const cairn_Description *d, const int ends[2], struct cr_err *err)
{
	bool writes = (d->flags & O_ACCMODE) == O_WRONLY;
	int fd = fcntl(ends[writes], F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot give out a pipe");
	/* Packets may have been written into it. */
	fcntl(fd, F_SETFL,
	      d->flags & (O_NONBLOCK | O_APPEND | O_NOATIME | (writes ? O_DIRECT : 0)));
	return fd;
}

static int pipe_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	int i = cr_pipe_index(r->img, d->object), fd;

	if (i < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks pipe %u", d->object);
	/* The two of pipe() are its own; the kernel adds this to any that is opened by its name. */
	if (!(d->flags & LARGEFILE))
		return own_end(d, r->pipe_fd[i], err);
	/* A new description each, as each had its own. */
	fd = open(cr_fd_path(r->pipe_fd[i][0]).text,
		  (d->flags & (O_ACCMODE | O_NONBLOCK)) | O_CLOEXEC);
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
	.shape = &cr_shape_pipe,
	.match = pipe_match,
	.save = pipe_save,
	.store = pipe_store,
	.begin = pipe_begin,
	.restore = pipe_restore,
	.free_save = pipe_free_save,
};
