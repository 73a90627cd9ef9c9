// SPDX-License-Identifier: Apache-2.0
//
// What waits in a unix socket's receive queue, read with MSG_PEEK from our duplicate: messages,
// their senders, credentials and descriptors. Options that help reading are the socket's, so they
// are put back; only what is there is asked for, as a look at an empty queue would take a pending
// error. Runs in the shepherd while the job stands still.
#include "objects/unix/unix_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/image_write.h"
#include "common/scm.h"
#include "objects/core/index.h"
#include "objects/core/save.h"
#include "objects/core/socket.h"
#include "objects/shape/shape.h"
#include "objects/unix/unix.h"
#include "objects/unix/unix_empty.h"

#define ROOM (CMSG_SPACE(253 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred)) + 512)
#define NOBODY 65534

/* One look. */
struct unix_queue_look {
	ssize_t len;
	int flags;
	struct sockaddr_un sender;
	socklen_t sender_len;
	bool has_cred;
	struct ucred cred;
	int64_t ns; /* the kernel's stamp, of a message */
	int fds[253];
	size_t nfds;
};

struct reader {
	struct cr_save *s;
	struct unix_socket *u;
	char *data;
	size_t len, room;
	cairn_UnixMessage m;
	bool last_rights; /* the last one carried descriptors */
	/* What an earlier checkpoint saw of messages without a byte, and what this one sees. */
	const struct unix_seen *seen;
	size_t at; /* in seen: those before have been received, or are written */
	CR_LIST(struct unix_mark) marks;
	bool empty;
};

static void close_fds(struct unix_queue_look *l)
{
	while (l->nfds)
		close(l->fds[--l->nfds]);
}

static void unix_queue_read_control(struct unix_queue_look *l, struct msghdr *m)
{
	struct cmsghdr *c;
	int fd;

	cr_rights_take(m, l->fds, CR_ARRAY_SIZE(l->fds), &l->nfds);
	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&l->cred, CMSG_DATA(c), sizeof(l->cred));
			l->has_cred = true;
		} else if (c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			l->ns = t.tv_sec * 1000000000ll + t.tv_nsec;
		} else if (c->cmsg_type == 4) {
			/* SCM_PIDFD, a descriptor for us alone */
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
			close(fd);
		}
	}
}

static int unix_queue_look(int fd, void *buf, size_t len, struct unix_queue_look *l)
{
	_Alignas(struct cmsghdr) char room[ROOM];
	struct iovec iov = { buf, len };
	struct msghdr m = { .msg_name = &l->sender,
			    .msg_namelen = sizeof(l->sender),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };

	l->nfds = 0;
	l->has_cred = false;
	l->len = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (l->len < 0)
		return -errno;
	l->flags = m.msg_flags;
	l->sender_len = m.msg_namelen;
	unix_queue_read_control(l, &m);
	return 0;
}

/*
 * A look at a stream that ends with descriptors: where the part begins that they came with, counted
 * from the look's start. Room for one byte less than all is room for all whole parts but the last.
 */
static size_t start_of_last(int fd, size_t at, void *buf, size_t len)
{
	char *nowhere = NULL;
	struct iovec iov[2] = { { buf, len - 1 }, { nowhere + 1, 1 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	cr_socket_set(fd, SOL_SOCKET, SO_PEEK_OFF, at);
	n = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);
	cr_socket_set(fd, SOL_SOCKET, SO_PEEK_OFF, at + len);
	return n < 0 ? 0 : n;
}

static int note_rights(struct reader *r, struct unix_queue_look *l, struct cr_err *err)
{
	cairn_UnixMessage *m = &r->m;
	const struct cr_object *o;
	struct cr_fd_view v;
	int ret = 0;
	size_t i;

	m->rights_count = 0;
	for (i = 0; i < l->nfds && !ret; i++) {
		const cairn_Description *d;

		ret = cr_fd_view_read(&v, l->fds[i], r->u->pid, -1);
		l->fds[i] = -1;
		if (!ret)
			ret = cr_description_note(r->s, &v, &m->rights[m->rights_count], err);
		if (ret)
			break;
		d = &cr_description_noted(r->s, m->rights[m->rights_count++])->m;
		o = cr_object_of(r->s->kinds, d->kind);
		if ((o->when_of ? o->when_of(d) : o->when) != CR_EARLY)
			ret = cr_fail(
				err, CR_EXIT_UNSUPPORTED, 0,
				"process %d has a unix socket in whose queue is a descriptor "
				"of a kind (%s) that cannot be saved there: receive it first; "
				"the job goes on",
				r->u->pid, o->shape->name);
	}
	for (; i < l->nfds; i++)
		if (l->fds[i] >= 0)
			close(l->fds[i]);
	l->nfds = 0;
	return ret;
}

static int unix_queue_put(struct reader *r, size_t len, struct unix_queue_look *l,
			  cairn_UnixMark mark, bool rights, struct cr_err *err)
{
	cairn_UnixMessage *m = &r->m;
	int ret = 0;

	m->socket = r->u->m.id;
	m->length = len;
	m->mark = mark;
	m->rights_count = 0;
	m->sender.size = 0;
	if (l->sender_len > offsetof(struct sockaddr_un, sun_path)) {
		size_t n = l->sender_len - offsetof(struct sockaddr_un, sun_path);

		m->sender.size = n < sizeof(m->sender.bytes) ? n : sizeof(m->sender.bytes);
		memcpy(m->sender.bytes, l->sender.sun_path, m->sender.size);
		if (m->sender.bytes[0])
			m->sender.size = strnlen((char *)m->sender.bytes, m->sender.size);
	}
	m->has_credentials = l->has_cred && (l->cred.pid || l->cred.uid != NOBODY);
	m->pid = m->has_credentials ? l->cred.pid : 0;
	m->uid = m->has_credentials ? l->cred.uid : 0;
	m->gid = m->has_credentials ? l->cred.gid : 0;
	if (rights)
		ret = note_rights(r, l, err);
	r->last_rights = rights;
	if (ret || !r->s->writer)
		return ret;
	return cr_image_record(r->s->writer, cairn_RecordType_RECORD_UNIX_MESSAGE, m, err);
}

static int unix_queue_grow(struct reader *r, size_t more, struct cr_err *err)
{
	char *p;

	if (r->len + more <= r->room)
		return 0;
	r->room = r->len + more;
	p = realloc(r->data, r->room);
	if (!p)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a socket's queue");
	r->data = p;
	return 0;
}

/*
 * A look at a stream ends where the writer, its credentials or the urgent mark change, and after
 * descriptors. Those stand at the beginning of what was sent with them, which is searched for.
 */
static int read_stream(struct reader *r, size_t total, bool urgent, struct cr_err *err)
{
	int fd = r->u->fd, at_mark = 0, ret;
	cairn_UnixMark mark = cairn_UnixMark_UNIX_MARK_NONE;
	struct unix_queue_look l = { 0 };
	struct ucred before = { 0 };

	ioctl(fd, SIOCATMARK, &at_mark);
	ret = unix_queue_grow(r, total, err);
	while (!ret && r->len < total) {
		size_t start = r->len, plain = 0;

		if (unix_queue_look(fd, r->data + start, total - start, &l) || l.len <= 0)
			return cr_fail(err, CR_EXIT_INTERNAL, errno,
				       "cannot read the queue of a unix socket of process %d",
				       r->u->pid);
		/* Nothing else ends a look here but an urgent byte, there or read already. */
		if (start ? !r->last_rights && !memcmp(&before, &l.cred, sizeof(before)) : at_mark)
			mark = urgent ? cairn_UnixMark_UNIX_MARK_URGENT :
					cairn_UnixMark_UNIX_MARK_READ;
		before = l.cred;
		if (l.nfds)
			plain = start_of_last(fd, start, r->data + start, l.len);
		if (plain) {
			ret = unix_queue_put(r, plain, &l, mark, false, err);
			mark = cairn_UnixMark_UNIX_MARK_NONE;
		}
		if (!ret)
			ret = unix_queue_put(r, l.len - plain, &l, mark, l.nfds > 0, err);
		close_fds(&l);
		mark = cairn_UnixMark_UNIX_MARK_NONE;
		r->len = start + l.len;
	}
	return ret;
}

/* Those without a byte that stand before the message with this stamp, or all: seen before. */
static int put_seen(struct reader *r, int64_t ns, struct cr_err *err)
{
	int ret = 0;

	for (; r->seen && r->at < r->seen->marks.n && !ret; r->at++) {
		const struct unix_mark *old = &r->seen->marks.v[r->at];
		struct unix_mark *to;

		if (!old->empty && old->ns == ns) {
			r->at++;
			break;
		}
		if (!old->empty)
			continue;
		if (old->rights)
			return cr_fail(
				err, CR_EXIT_UNSUPPORTED, 0,
				"process %d has a unix socket in whose queue is a message "
				"without a byte but with descriptors, which can be read only "
				"once: receive it first; the job goes on",
				r->u->pid);
		to = cr_list_add(&r->marks);
		if (!to)
			return -ENOMEM;
		*to = *old;
		to->m = malloc(sizeof(*to->m));
		if (!to->m)
			return -ENOMEM;
		*to->m = *old->m;
		to->m->socket = r->u->m.id;
		r->empty = true;
		if (r->s->writer)
			ret = cr_image_record(r->s->writer, cairn_RecordType_RECORD_UNIX_MESSAGE,
					      to->m, err);
	}
	return ret;
}

static int note_mark(struct reader *r, const struct unix_queue_look *l, size_t len)
{
	struct unix_mark *to = cr_list_add(&r->marks);

	if (!to)
		return -ENOMEM;
	to->ns = l->ns;
	to->empty = !len;
	to->rights = r->m.rights_count;
	if (len)
		return 0;
	r->empty = true;
	to->m = malloc(sizeof(*to->m));
	if (!to->m)
		return -ENOMEM;
	*to->m = r->m;
	return 0;
}

/* The first of a queue is not found by offset if it is empty; its stamp tells where we are. */
static void find_head(struct reader *r)
{
	struct unix_queue_look l = { 0 };
	char byte;

	r->seen = unix_seen_of(r->u->inode);
	if (!r->seen)
		return;
	cr_socket_set(r->u->fd, SOL_SOCKET, SO_PEEK_OFF, -1);
	if (!unix_queue_look(r->u->fd, &byte, 1, &l))
		r->at = unix_seen_from(r->seen, l.ns);
	close_fds(&l);
	cr_socket_set(r->u->fd, SOL_SOCKET, SO_PEEK_OFF, 0);
}

/* The rest of a long one; it comes with descriptors of its own. */
static int read_rest(struct reader *r, int flags, struct cr_err *err)
{
	struct unix_queue_look more = { .flags = flags };
	int ret = 0;

	while (more.flags & MSG_TRUNC && !ret) {
		ret = unix_queue_grow(r, 1 << 20, err);
		if (!ret)
			ret = unix_queue_look(r->u->fd, r->data + r->len, r->room - r->len, &more);
		if (ret)
			break;
		close_fds(&more);
		r->len += more.len;
	}
	return ret;
}

static int read_messages(struct reader *r, struct cr_err *err)
{
	struct unix_queue_look l = { 0 };
	int ret = 0;

	find_head(r);
	while (!ret) {
		size_t start = r->len;

		ret = unix_queue_grow(r, 256 << 10, err);
		if (ret)
			break;
		ret = unix_queue_look(r->u->fd, r->data + r->len, r->room - r->len, &l);
		/* The end of a connection has no credentials, a message always has. */
		if (ret == -EAGAIN || (!ret && !l.has_cred))
			return put_seen(r, 0, err);
		if (ret)
			return cr_fail(err, CR_EXIT_INTERNAL, -ret,
				       "cannot read the queue of a unix socket of process %d",
				       r->u->pid);
		r->len += l.len;
		ret = read_rest(r, l.flags, err);
		if (!ret)
			ret = put_seen(r, l.ns, err);
		if (!ret)
			ret = unix_queue_put(r, r->len - start, &l, cairn_UnixMark_UNIX_MARK_NONE,
					     l.nfds > 0, err);
		if (!ret)
			ret = note_mark(r, &l, r->len - start);
		close_fds(&l);
	}
	return ret;
}

/* For the next checkpoint. */
static void unix_queue_remember(struct reader *r, bool ok)
{
	struct unix_seen *now = NULL;
	size_t i;

	if (ok)
		unix_seen_drop(r->u->inode);
	if (ok && r->empty)
		now = unix_seen_new(r->u->inode);
	if (now) {
		memcpy(&now->marks, &r->marks, sizeof(now->marks));
		return;
	}
	for (i = 0; i < r->marks.n; i++)
		free(r->marks.v[i].m);
	free(r->marks.v);
}

static int unix_queue_refuse(const struct unix_socket *u, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has a unix socket (inode %u) with messages that wait behind an "
		       "error, which cannot be read without taking it: receive them first; the job "
		       "goes on",
		       u->pid, u->inode);
}

/* What helps to read a queue: each is put back. */
static const struct {
	int option, value;
	bool stream, messages;
} helps[] = {
	{ SO_PEEK_OFF, 0, true, true },
	{ SO_PASSCRED, 1, true, true },
	{ SO_OOBINLINE, 1, true, false },
	{ SO_TIMESTAMPNS, 1, false, true },
};

static int unix_queue_read_queue(struct reader *r, size_t queued, bool urgent, struct cr_err *err)
{
	bool stream = r->u->m.type == SOCK_STREAM;
	int before[CR_ARRAY_SIZE(helps)], micro = cr_socket_get(r->u->fd, SOL_SOCKET, SO_TIMESTAMP),
					  ret;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(helps); i++) {
		if (!(stream ? helps[i].stream : helps[i].messages))
			continue;
		before[i] = cr_socket_get(r->u->fd, SOL_SOCKET, helps[i].option);
		cr_socket_set(r->u->fd, SOL_SOCKET, helps[i].option, helps[i].value);
	}
	ret = stream ? read_stream(r, queued, urgent, err) : read_messages(r, err);
	for (i = 0; i < CR_ARRAY_SIZE(helps); i++)
		if (stream ? helps[i].stream : helps[i].messages)
			cr_socket_set(r->u->fd, SOL_SOCKET, helps[i].option, before[i]);
	if (micro)
		cr_socket_set(r->u->fd, SOL_SOCKET, SO_TIMESTAMP, micro);
	if (!stream)
		unix_queue_remember(r, !ret);
	return ret;
}

int unix_queue_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err)
{
	struct unix_save *all = s->state[cairn_ObjectKind_OBJECT_UNIX];
	struct pollfd p = { u->fd, POLLIN | POLLPRI, 0 };
	bool stream = u->m.type == SOCK_STREAM;
	struct reader r = { .s = s, .u = u, .data = all->buffer, .room = all->room };
	int queued = u->entry ? u->entry->queued : 0, ret;

	/* Only an end that is alone has an error. */
	if (stream && u->entry && !queued && u->peer_inode)
		return 0;
	poll(&p, 1, 0);
	u->m.reset = p.revents & POLLERR;
	if (stream && (queued || !u->entry) && ioctl(u->fd, SIOCINQ, &queued))
		queued = 0;
	if (stream ? !queued : !(p.revents & POLLIN))
		return 0;
	if (!stream && u->m.reset)
		return u->entry && !u->entry->queued && u->m.shutdown & 1 ?
			       0 :
			       unix_queue_refuse(u, err);
	ret = unix_queue_read_queue(&r, queued, p.revents & POLLPRI, err);
	if (!ret && r.len && s->writer) {
		u->m.has_content = true;
		ret = cr_image_blob(s->writer, r.data, r.len, &u->m.content, err);
	}
	all->buffer = r.data;
	all->room = r.room;
	return ret;
}
