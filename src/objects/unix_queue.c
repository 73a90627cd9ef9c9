// SPDX-License-Identifier: Apache-2.0
//
// What waits in a unix socket's receive queue, read with MSG_PEEK from our duplicate: messages,
// their senders, credentials and descriptors. Options that help reading are the socket's, so they
// are put back; only what is there is asked for, as a look at an empty queue would take a pending
// error. Runs in the shepherd while the job stands still.
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "objects/unix.h"

#define ROOM (CMSG_SPACE(253 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred)) + 512)
#define NOBODY 65534

/* One look. */
struct look {
	ssize_t len;
	int flags;
	struct sockaddr_un sender;
	socklen_t sender_len;
	bool has_cred;
	struct ucred cred;
	int fds[253];
	int nfds;
};

struct reader {
	struct cr_save *s;
	struct unix_socket *u;
	char *data;
	size_t len, room;
	cairn_UnixMessage m;
	bool any; /* a message has been written */
	bool last_rights; /* it carried descriptors */
};

static void set(int fd, int option, int value)
{
	setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

static int get(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, &value, &len);
	return value;
}

static void close_fds(struct look *l)
{
	while (l->nfds)
		close(l->fds[--l->nfds]);
}

static void read_control(struct look *l, struct msghdr *m)
{
	struct cmsghdr *c;
	size_t n;
	int fd;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&l->cred, CMSG_DATA(c), sizeof(l->cred));
			l->has_cred = true;
		} else if (c->cmsg_type == SCM_RIGHTS) {
			n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(l->fds, CMSG_DATA(c), n * sizeof(int));
			l->nfds = n;
		} else if (c->cmsg_type == 4) {
			/* SCM_PIDFD, a descriptor for us alone */
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
			close(fd);
		}
	}
}

static int look(int fd, void *buf, size_t len, struct look *l)
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
	read_control(l, &m);
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

	set(fd, SO_PEEK_OFF, at);
	n = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);
	set(fd, SO_PEEK_OFF, at + len);
	return n < 0 ? 0 : n;
}

static int note_rights(struct reader *r, struct look *l, struct cr_err *err)
{
	cairn_UnixMessage *m = &r->m;
	const struct cr_object *o;
	struct cr_fd_view v;
	int i, ret = 0;

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
		o = cr_object_of(d->kind);
		if ((o->when_of ? o->when_of(d) : o->when) != CR_EARLY)
			ret = cr_fail(
				err, CR_EXIT_UNSUPPORTED, 0,
				"process %d has a unix socket in whose queue is a descriptor "
				"of a kind (%s) that cannot be saved there: receive it first; "
				"the job goes on",
				r->u->pid, o->name);
	}
	for (; i < l->nfds; i++)
		if (l->fds[i] >= 0)
			close(l->fds[i]);
	l->nfds = 0;
	return ret;
}

static int put(struct reader *r, size_t len, struct look *l, cairn_UnixMark mark, bool rights,
	       struct cr_err *err)
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
	r->any = true;
	r->last_rights = rights;
	if (ret || !r->s->writer)
		return ret;
	return cr_image_record(r->s->writer, cairn_RecordType_RECORD_UNIX_MESSAGE, m, err);
}

static int grow(struct reader *r, size_t more, struct cr_err *err)
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
	struct look l = { 0 };
	struct ucred before = { 0 };

	ioctl(fd, SIOCATMARK, &at_mark);
	ret = grow(r, total, err);
	while (!ret && r->len < total) {
		size_t start = r->len, plain = 0;

		if (look(fd, r->data + start, total - start, &l) || l.len <= 0)
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
			ret = put(r, plain, &l, mark, false, err);
			mark = cairn_UnixMark_UNIX_MARK_NONE;
		}
		if (!ret)
			ret = put(r, l.len - plain, &l, mark, l.nfds > 0, err);
		close_fds(&l);
		mark = cairn_UnixMark_UNIX_MARK_NONE;
		r->len = start + l.len;
	}
	return ret;
}

static int read_messages(struct reader *r, struct cr_err *err)
{
	int fd = r->u->fd, ret;
	struct look l = { 0 }, more = { 0 };

	for (;;) {
		size_t start = r->len;

		ret = grow(r, 256 << 10, err);
		if (ret)
			return ret;
		ret = look(fd, r->data + r->len, r->room - r->len, &l);
		if (ret == -EAGAIN)
			return 0;
		if (ret)
			return cr_fail(err, CR_EXIT_INTERNAL, -ret,
				       "cannot read the queue of a unix socket of process %d",
				       r->u->pid);
		/* The end of a connection has no credentials, a message always has. */
		if (!l.has_cred)
			return 0;
		r->len += l.len;
		/* The rest of a long one; it comes with descriptors of its own. */
		for (more.flags = l.flags; more.flags & MSG_TRUNC;) {
			ret = grow(r, 1 << 20, err);
			if (!ret)
				ret = look(fd, r->data + r->len, r->room - r->len, &more);
			if (ret)
				return ret;
			close_fds(&more);
			r->len += more.len;
		}
		ret = put(r, r->len - start, &l, cairn_UnixMark_UNIX_MARK_NONE, l.nfds > 0, err);
		if (ret)
			return ret;
	}
}

static int refuse(const struct unix_socket *u, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has a unix socket (inode %u) with messages that wait behind an "
		       "error, which cannot be read without taking it: receive them first; the job "
		       "goes on",
		       u->pid, u->inode);
}

int unix_queue_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err)
{
	struct pollfd p = { u->fd, POLLIN | POLLPRI, 0 };
	bool stream = u->m.type == SOCK_STREAM;
	struct reader r = { .s = s, .u = u };
	int peek_off, cred, inline_, queued = 0, ret;

	poll(&p, 1, 0);
	u->m.reset = p.revents & POLLERR;
	if (stream && ioctl(u->fd, SIOCINQ, &queued))
		queued = 0;
	if (stream ? !queued : !(p.revents & POLLIN))
		return 0;
	if (!stream && u->m.reset)
		return u->entry && !u->entry->queued && u->m.shutdown & 1 ? 0 : refuse(u, err);
	peek_off = get(u->fd, SO_PEEK_OFF);
	cred = get(u->fd, SO_PASSCRED);
	inline_ = get(u->fd, SO_OOBINLINE);
	set(u->fd, SO_PEEK_OFF, 0);
	set(u->fd, SO_PASSCRED, 1);
	if (stream)
		set(u->fd, SO_OOBINLINE, 1);
	ret = stream ? read_stream(&r, queued, p.revents & POLLPRI, err) : read_messages(&r, err);
	if (stream)
		set(u->fd, SO_OOBINLINE, inline_);
	set(u->fd, SO_PASSCRED, cred);
	set(u->fd, SO_PEEK_OFF, peek_off);
	if (!ret && r.len && s->writer) {
		u->m.has_content = true;
		ret = cr_image_blob(s->writer, r.data, r.len, &u->m.content, err);
	}
	free(r.data);
	return ret;
}
