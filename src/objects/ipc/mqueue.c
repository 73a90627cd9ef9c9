// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues, open ones and those that only have a name. Messages can only be read by
// taking them, so they are taken and put back while the job stands still: nobody can wait for a
// message in a queue that has one. If someone is to be notified of the first message, the queue is
// never left empty meanwhile.
// Runs in: the shepherd; cr_mqueues_of_process() in a restarted process.
#include "objects/ipc/mqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"

#define MQUEUE_MAGIC 0x19800202
#define STATUS_SIZE 80 /* of every queue, seen as a file */
#define HIGHEST 32767
#define THREAD 2 /* SIGEV_THREAD */

struct queue {
	cairn_Mqueue m;
	dev_t dev;
};

struct saving {
	CR_LIST(struct queue) queues;
};

struct message {
	unsigned int priority;
	size_t len;
	char *text;
};

struct messages {
	struct message *v;
	size_t n, room;
};

static bool mqueue_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	struct statfs fs;

	return S_ISREG(v->st.st_mode) && v->st.st_size == STATUS_SIZE && !fstatfs(v->fd, &fs) &&
	       fs.f_type == MQUEUE_MAGIC;
}

/* ---- contents ---- */

static int mqueue_take(int fd, size_t size, struct message *m)
{
	ssize_t n;

	m->text = malloc(size + 1);
	if (!m->text)
		return -ENOMEM;
	n = mq_receive(fd, m->text, size, &m->priority);
	m->len = n;
	return n < 0 ? -errno : 0;
}

static int mqueue_put(int fd, const struct message *m)
{
	return mq_send(fd, m->text, m->len, m->priority) ? -errno : 0;
}

static int mqueue_take_all(int fd, size_t size, size_t most, struct messages *all)
{
	struct message m;
	int ret = 0;

	while (all->n < most && !(ret = mqueue_take(fd, size, &m))) {
		struct message *to = cr_list_add(all);

		if (!to) {
			mqueue_put(fd, &m);
			ret = -ENOMEM;
		} else {
			*to = m;
		}
	}
	if (ret)
		free(m.text);
	return ret == -EAGAIN ? 0 : ret;
}

/*
 * The last message, with another put in to stand in for it: of the same priority, so that it leaves
 * the queue after the last one and before whatever is put back. That priority is found by trying
 * from above: a stand-in that is too high comes back itself.
 */
static int take_last(int fd, size_t size, unsigned int highest, struct message *last)
{
	char mark[16];
	struct message in = { highest, size < sizeof(mark) ? size : sizeof(mark), mark };
	int ret;

	if (getrandom(mark, sizeof(mark), 0) != sizeof(mark))
		return -EIO;
	for (;; in.priority--) {
		ret = mqueue_put(fd, &in);
		if (!ret)
			ret = mqueue_take(fd, size, last);
		if (ret)
			return ret;
		if (last->len != in.len || memcmp(last->text, mark, in.len))
			return 0;
		free(last->text);
		if (!in.priority)
			return -EBADMSG;
	}
}

static int mqueue_put_all(int fd, const struct messages *all)
{
	size_t i;
	int ret = 0, bad;

	for (i = 0; i < all->n; i++) {
		bad = mqueue_put(fd, &all->v[i]);
		ret = ret ? ret : bad;
	}
	return ret;
}

/* All messages in order, the queue never empty; an error leaves it as it was. */
static int take_and_put(int fd, const struct mq_attr *attr, bool watched, struct messages *all)
{
	struct message *last, in;
	size_t first;
	int ret;

	if (!watched || !attr->mq_curmsgs) {
		ret = mqueue_take_all(fd, attr->mq_msgsize, attr->mq_maxmsg * 2, all);
		return ret ? (mqueue_put_all(fd, all), ret) : mqueue_put_all(fd, all);
	}
	ret = mqueue_take_all(fd, attr->mq_msgsize, attr->mq_curmsgs - 1, all);
	last = cr_list_add(all);
	if (!ret && last)
		ret = take_last(fd, attr->mq_msgsize,
				all->n > 1 ? all->v[all->n - 2].priority : HIGHEST, last);
	if (ret || !last) {
		all->n -= !!last;
		mqueue_put_all(fd, all);
		return ret ? ret : -ENOMEM;
	}
	/* Behind the stand-in goes the first of the same priority; then that one can go. */
	for (first = 0; all->v[first].priority != last->priority; first++)
		;
	ret = mqueue_put(fd, &all->v[first]);
	if (!ret && !(ret = mqueue_take(fd, attr->mq_msgsize, &in)))
		free(in.text);
	for (size_t i = 0; i < all->n; i++)
		if (i != first && mqueue_put(fd, &all->v[i]))
			ret = -EIO;
	return ret;
}

static int mqueue_store(struct cr_save *s, cairn_Mqueue *m, const struct messages *all,
			struct cr_err *err)
{
	size_t size = 0, at = 0, i;
	cr_auto_free char *buf = NULL;

	for (i = 0; i < all->n; i++)
		size += 8 + all->v[i].len;
	buf = malloc(size + 1);
	if (!buf)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "the message queue %s", m->name);
	for (i = 0; i < all->n; i++) {
		uint32_t head[2] = { all->v[i].priority, all->v[i].len };

		memcpy(buf + at, head, 8);
		memcpy(buf + at + 8, all->v[i].text, all->v[i].len);
		at += 8 + all->v[i].len;
	}
	m->has_content = size;
	return size ? cr_image_blob(s->writer, buf, size, &m->content, err) : 0;
}

static int mqueue_save_content(struct cr_save *s, cairn_Mqueue *m, int fd, struct cr_err *err)
{
	bool watched = m->notify_pid || m->notify || m->signal;
	struct messages all = { 0 };
	struct mq_attr attr;
	size_t i;
	int ret = mq_getattr(fd, &attr) ? -errno : take_and_put(fd, &attr, watched, &all);

	if (ret)
		cr_fail(err, CR_EXIT_UNSUPPORTED, -ret,
			"the messages of the queue %s cannot be read%s", m->name,
			watched ? " (someone is to be notified by it, and it is full)" : "");
	else
		ret = mqueue_store(s, m, &all, err);
	for (i = 0; i < all.n; i++)
		free(all.v[i].text);
	free(all.v);
	return ret;
}

/* ---- saving ---- */

static struct saving *saving(struct cr_save *s)
{
	void **state = &s->state[cairn_ObjectKind_OBJECT_MQUEUE];

	if (!*state)
		*state = calloc(1, sizeof(struct saving));
	return *state;
}

static void read_status(cairn_Mqueue *m, int fd)
{
	char text[STATUS_SIZE + 1] = "";
	ssize_t n = pread(fd, text, STATUS_SIZE, 0);

	text[n < 0 ? 0 : n] = 0;
	sscanf(text, "QSIZE:%*d NOTIFY:%d SIGNO:%d NOTIFY_PID:%d", &m->notify, &m->signal,
	       &m->notify_pid);
}

/* A queue at first sight; fd is open for both. */
static int mqueue_note(struct cr_save *s, int fd, const struct stat *st, const char *name,
		       bool unlinked, uint32_t *id, struct cr_err *err)
{
	struct saving *k = saving(s);
	struct mq_attr attr;
	struct queue *q;
	size_t i;

	for (i = 0; k && i < k->queues.n; i++) {
		q = &k->queues.v[i];
		if (q->m.inode == st->st_ino && q->dev == st->st_dev) {
			*id = q->m.id;
			return 0;
		}
	}
	q = k ? cr_list_add(&k->queues) : NULL;
	if (!q || mq_getattr(fd, &attr))
		return cr_fail(err, CR_EXIT_INTERNAL, q ? errno : ENOMEM, "the message queue %s",
			       name);
	s->has_ipc = true;
	*id = q->m.id = ++s->next_id;
	q->dev = st->st_dev;
	q->m.inode = st->st_ino;
	q->m.unlinked = unlinked;
	q->m.mode = st->st_mode & 07777;
	q->m.uid = st->st_uid;
	q->m.gid = st->st_gid;
	q->m.max_messages = attr.mq_maxmsg;
	q->m.max_size = attr.mq_msgsize;
	snprintf(q->m.name, sizeof(q->m.name), "%.255s", name);
	read_status(&q->m, fd);
	if (q->m.notify_pid && q->m.notify == THREAD)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d waits for the message queue %s with SIGEV_THREAD, which "
			       "cannot be saved (use SIGEV_SIGNAL); the job goes on",
			       q->m.notify_pid, name);
	return s->writer ? mqueue_save_content(s, &q->m, fd, err) : 0;
}

static int mqueue_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		       struct cr_err *err)
{
	const char *name = strrchr(v->link, '/');
	cr_auto_fd fd = -1;

	/* It may be open for one thing only, and wait. */
	fd = open(cr_fd_path(v->fd).text, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, errno,
			       "the message queue %s of process %d cannot be read", v->link,
			       v->pid);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return mqueue_note(s, fd, &v->st, name ? name : v->link, v->deleted, &d->object, err);
}

/* Those that the job has made and nobody holds open. */
static int save_named(struct cr_save *s, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < s->mqueues.n && !ret; i++) {
		const struct cr_mqueue_note *n = &s->mqueues.v[i];
		struct stat st;
		uint32_t id;
		cr_auto_fd fd = n->name[0] ? mq_open(n->name, O_RDWR | O_NONBLOCK) : -1;

		if (fd >= 0 && !fstat(fd, &st))
			ret = mqueue_note(s, fd, &st, n->name, false, &id, err);
	}
	return ret;
}

/* The value that goes with a notification: only the process knew. */
static void find_value(struct cr_save *s, cairn_Mqueue *m)
{
	size_t i, k;

	for (i = 0; i < s->holders.n; i++) {
		const struct cr_holder *h = &s->holders.v[i];
		const struct cr_saved_description *d = cr_description_noted(s, h->description);

		if (h->pid != m->notify_pid || d->m.kind != cairn_ObjectKind_OBJECT_MQUEUE ||
		    d->m.object != m->id)
			continue;
		m->notify_fd = h->number;
		for (k = 0; k < s->mqueues.n; k++)
			if (s->mqueues.v[k].pid == h->pid && s->mqueues.v[k].fd == h->number &&
			    !s->mqueues.v[k].name[0])
				m->value = s->mqueues.v[k].value;
	}
}

static int mqueue_finish(struct cr_save *s, struct cr_err *err)
{
	int ret = s->mqueues.n ? save_named(s, err) : 0;
	struct saving *k = s->state[cairn_ObjectKind_OBJECT_MQUEUE];
	size_t i;

	for (i = 0; k && i < k->queues.n && !ret; i++) {
		find_value(s, &k->queues.v[i].m);
		if (s->writer)
			ret = cr_image_record(s->writer, cairn_RecordType_RECORD_MQUEUE,
					      &k->queues.v[i].m, err);
	}
	return ret;
}

static void mqueue_free_save(struct cr_save *s)
{
	struct saving *k = s->state[cairn_ObjectKind_OBJECT_MQUEUE];

	if (k)
		free(k->queues.v);
	free(k);
	free(s->mqueues.v);
	s->state[cairn_ObjectKind_OBJECT_MQUEUE] = NULL;
}

/* ---- restart ---- */

static int mqueue_fill(struct cr_restore *r, const cairn_Mqueue *m, int fd, struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	size_t at = 0;
	int ret = cr_image_read_blob(r->img, &m->content, &data, err);

	while (!ret && at + 8 <= m->content.size) {
		uint32_t head[2];

		memcpy(head, (char *)data + at, 8);
		if (head[1] > m->content.size - at - 8)
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "the message queue %s", m->name);
		if (mq_send(fd, (char *)data + at + 8, head[1], head[0]))
			return cr_fail(err, CR_EXIT_CHANGED, errno,
				       "cannot put the messages back into the queue %s", m->name);
		at += 8 + head[1];
	}
	return ret;
}

static int mqueue_make(struct cr_restore *r, const cairn_Mqueue *m, struct cr_err *err)
{
	struct mq_attr attr = { .mq_maxmsg = m->max_messages, .mq_msgsize = m->max_size };
	char name[sizeof(m->name) + 32];
	int fd, ret;

	if (m->unlinked)
		snprintf(name, sizeof(name), "/cairn.%d.%u", getpid(), m->id);
	else
		snprintf(name, sizeof(name), "%s", m->name);
	/* Without a namespace of its own a job that was killed has left its queues behind. */
	if (r->virtual_ids)
		mq_unlink(name);
	fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot make the message queue %s again (%s)", m->name,
			       errno == EEXIST ? "it exists: remove it" :
						 "see fs.mqueue.* and ulimit -q");
	if (m->unlinked)
		mq_unlink(name);
	ret = m->has_content ? mqueue_fill(r, m, fd, err) : 0;
	if (!ret && (fchmod(fd, m->mode) || (m->uid != geteuid() && fchown(fd, m->uid, m->gid))))
		ret = cr_fail(err, CR_EXIT_CHANGED, errno, "the owner of the message queue %s",
			      m->name);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Parallel to img->mqueues. */
static int mqueue_prepare(struct cr_restore *r, struct cr_err *err)
{
	size_t n = r->img->mqueues.n, i;
	int *fds = calloc(n + 1, sizeof(*fds)), ret = 0;

	if (!fds)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "message queues");
	r->state[cairn_ObjectKind_OBJECT_MQUEUE] = fds;
	for (i = 0; i < n; i++)
		fds[i] = -1;
	for (i = 0; i < n && !ret; i++) {
		fds[i] = mqueue_make(r, &r->img->mqueues.v[i], err);
		ret = fds[i] < 0 ? fds[i] : 0;
	}
	return ret;
}

static int mqueue_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	const int *fds = r->state[cairn_ObjectKind_OBJECT_MQUEUE];
	size_t i;
	int fd;

	for (i = 0; i < r->img->mqueues.n && r->img->mqueues.v[i].id != d->object; i++)
		;
	if (i == r->img->mqueues.n)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks message queue %u",
			       d->object);
	fd = open(cr_fd_path(fds[i]).text, (d->flags & (O_ACCMODE | O_NONBLOCK)) | O_CLOEXEC);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno, "the message queue %s", d->path);
	return fd;
}

static void mqueue_free_restore(struct cr_restore *r)
{
	int *fds = r->state[cairn_ObjectKind_OBJECT_MQUEUE];
	size_t i;

	for (i = 0; fds && i < r->img->mqueues.n; i++)
		cr_close_fd(&fds[i]);
	free(fds);
	r->state[cairn_ObjectKind_OBJECT_MQUEUE] = NULL;
}

int cr_mqueues_of_process(const struct cr_restore *r, const struct cr_process_image *p,
			  struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->img->mqueues.n; i++) {
		const cairn_Mqueue *m = &r->img->mqueues.v[i];
		struct sigevent e = { .sigev_notify = m->notify,
				      .sigev_signo = m->signal,
				      .sigev_value = { .sival_ptr = (void *)m->value } };

		if (m->notify_pid == p->process.pid && syscall(SYS_mq_notify, m->notify_fd, &e))
			return cr_fail(err, CR_EXIT_CHANGED, errno,
				       "cannot have process %d notified by the message queue %s",
				       p->process.pid, m->name);
	}
	return 0;
}

const struct cr_object cr_object_mqueue = {
	.shape = &cr_shape_mqueue,
	.match = mqueue_match,
	.save = mqueue_save,
	.finish = mqueue_finish,
	.prepare = mqueue_prepare,
	.restore = mqueue_restore,
	.free_save = mqueue_free_save,
	.free_restore = mqueue_free_restore,
};
