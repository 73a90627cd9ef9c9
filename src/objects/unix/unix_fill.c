// SPDX-License-Identifier: Apache-2.0
//
// The last part of making unix sockets again: what was in their queues is sent once more, by who
// sent it, with its credentials and descriptors; then datagram sockets are connected, ends that
// nobody has are closed, directions shut, options set. Each of these would be in the way of the
// steps before it.
#include "objects/unix/unix_fill.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/scm.h"
#include "objects/core/registry.h"
#include "objects/core/socket.h"
#include "objects/core/stand_in.h"
#include "objects/unix/unix.h"
#include "objects/unix/unix_bind.h"
#include "objects/unix/unix_options.h"
#include "objects/unix/unix_restore.h"

struct sending {
	const cairn_UnixMessage *m;
	const char *data;
	size_t piece; /* how much at once */
	int fd, *rights;
	const struct sockaddr_un *to; /* NULL: the peer */
	socklen_t to_len;
	bool own_pid; /* whoever sends has another id than the message has */
};

/* ---- sending ---- */

static void put_credentials(struct msghdr *h, const struct sending *s)
{
	const cairn_UnixMessage *m = s->m;
	struct ucred cred = { m->pid && !s->own_pid ? m->pid : getpid(), m->uid, m->gid };

	if (m->has_credentials)
		cr_control_put(h, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
}

/* Also in a stand-in. Of a stream what is longer goes in pieces, descriptors with the first. */
static int send_message(void *arg)
{
	const struct sending *s = arg;
	const cairn_UnixMessage *m = s->m;
	_Alignas(struct cmsghdr) char
		room[CMSG_SPACE(253 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct iovec iov;
	struct msghdr h = { .msg_name = (void *)s->to,
			    .msg_namelen = s->to_len,
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room };
	size_t at = 0;
	ssize_t n;

	if (m->rights_count)
		cr_rights_put(&h, room, s->rights, m->rights_count);
	put_credentials(&h, s);
	do {
		bool urgent = !at && m->mark == cairn_UnixMark_UNIX_MARK_URGENT;
		int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (urgent ? MSG_OOB : 0);

		iov.iov_base = (char *)s->data + at;
		iov.iov_len = urgent ? 1 : m->length - at < s->piece ? m->length - at : s->piece;
		n = sendmsg(s->fd, &h, flags);
		/* An owner that is not ours to claim. */
		if (n < 0 && errno == EPERM && m->has_credentials) {
			h.msg_controllen -= CMSG_SPACE(sizeof(struct ucred));
			n = sendmsg(s->fd, &h, flags);
		}
		if (n < 0)
			return -errno;
		at += n;
		if (m->rights_count) {
			h.msg_controllen = 0;
			put_credentials(&h, s);
		}
	} while (at < m->length);
	return 0;
}

/* Leaves the trace of an urgent byte that was read: reading stops there. */
static void leave_mark(int from, int to)
{
	char byte = 0;

	if (to >= 0 && send(from, &byte, 1, MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		recv(to, &byte, 1, MSG_OOB | MSG_DONTWAIT);
}

/* The socket that a datagram came from: of the job, or one with its name that is made for it. */
static int sender(struct unix_made *made, const struct unix_end *e, const cairn_UnixMessage *m,
		  struct cr_err *err)
{
	struct unix_sender *s;
	size_t i;
	int ret;

	/* Nobody else reaches one without a name. */
	if (e->paired && (!e->m->name.size || !m->sender.size))
		return e->mate ? e->mate->fd : e->other;
	for (i = 0; i < made->n && m->sender.size; i++) {
		const struct unix_end *o = &made->v[i];

		if (o->m->type == SOCK_DGRAM && o->m->name.size == m->sender.size &&
		    !memcmp(o->m->name.bytes, m->sender.bytes, m->sender.size))
			return o->fd;
	}
	for (i = 0; i < made->senders.n; i++)
		if (made->senders.v[i].len == m->sender.size &&
		    !memcmp(made->senders.v[i].name, m->sender.bytes, m->sender.size))
			return made->senders.v[i].fd;
	s = cr_list_add(&made->senders);
	if (!s)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "filling a socket");
	s->at = -1;
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->name = m->sender.bytes;
	s->len = m->sender.size;
	ret = unix_bind_private(made, s->fd, s->name, s->len, &s->at, err);
	return ret ? ret : s->fd;
}

static int unix_fill_send_one(struct cr_restore *r, struct unix_made *made, struct sending *s,
			      struct cr_err *err)
{
	const cairn_UnixMessage *m = s->m;
	int rights[CR_ARRAY_SIZE(m->rights)], ret;
	size_t i;

	for (i = 0; i < m->rights_count; i++) {
		struct unix_end *e = unix_end_find(made, m->rights[i]);

		rights[i] = e && e->fd >= 0 ? e->fd : cr_restored_fd(r, m->rights[i], err);
		if (rights[i] < 0)
			return rights[i];
	}
	s->rights = rights;
	s->own_pid = made->ids;
	ret = m->has_credentials ? cr_stand_in(made->ids, m->pid, m->uid, m->gid, send_message, s) :
				   send_message(s);
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret,
			     "cannot put %u bytes into the queue of a unix socket (is "
			     "net.core.wmem_max or net.unix.max_dgram_qlen lower than where it was "
			     "saved?)",
			     m->length) :
		     0;
}

static int end_of_sender(struct unix_made *made, const struct unix_end *e)
{
	struct unix_end *peer;

	if (e->m->peer_kind != cairn_UnixPeer_UNIX_PEER_JOB)
		return e->other;
	peer = unix_end_find(made, e->m->peer);
	return peer ? peer->fd : -1;
}

/* What the kernel accounts for a piece of that size. */
static size_t cost(const int pair[2], size_t piece)
{
	static char data[32768];
	int bytes = 0;

	if (send(pair[0], data, piece, MSG_DONTWAIT) != (ssize_t)piece)
		return 0;
	ioctl(pair[0], SIOCOUTQ, &bytes);
	recv(pair[1], data, piece, MSG_DONTWAIT);
	return bytes;
}

/*
 * A stream's writer that was stopped by many small pieces shall find it as full as it was: the
 * largest size of pieces that takes as much as was accounted for.
 */
static size_t piece_of(struct unix_made *made, const struct unix_end *e)
{
	const struct unix_end *peer = e->m->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB ?
					      unix_end_find(made, e->m->peer) :
					      NULL;
	size_t total = e->m->has_content ? e->m->content.size : 0, piece, c;
	int p[2];

	/* Large pieces cost little more than what is in them. */
	if (e->m->type != SOCK_STREAM || !peer || peer->m->unread < total + total / 2 + 4096 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p))
		return SIZE_MAX;
	for (piece = total < 32768 ? total : 32768; piece > 1; piece -= piece / 16 + 1) {
		c = cost(p, piece);
		if (c * (total / piece) + (total % piece ? cost(p, total % piece) : 0) >=
		    peer->m->unread)
			break;
	}
	close(p[0]);
	close(p[1]);
	return piece;
}

static int fill(struct cr_restore *r, struct unix_made *made, struct unix_end *e,
		struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	struct sockaddr_un address;
	struct sending s = { .piece = SIZE_MAX };
	int wide = INT_MAX / 4, before = 0, last = -1, ret;
	size_t i, at = 0;

	if (!e->nmessages || (e->m->state == cairn_UnixState_UNIX_WAITING &&
			      e->m->peer_kind == cairn_UnixPeer_UNIX_PEER_OUTSIDE))
		return 0;
	ret = e->m->has_content ? cr_image_read_blob(r->img, &e->m->content, &data, err) : 0;
	if (ret)
		return ret;
	if (e->m->type == SOCK_DGRAM && e->m->name.size) {
		s.to = &address;
		s.to_len = unix_address(e->m->name.bytes, e->m->name.size, e->at, &address);
	}
	s.piece = piece_of(made, e);
	for (i = 0; i < e->nmessages && !ret; i++) {
		socklen_t len = sizeof(before);

		s.m = &r->img->unix_messages.v[e->message + i];
		s.data = (char *)data + at;
		at += s.m->length;
		if (at > (e->m->has_content ? e->m->content.size : 0))
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "a socket's queue is short");
		s.fd = e->m->type == SOCK_DGRAM ? sender(made, e, s.m, err) :
						  end_of_sender(made, e);
		if (s.fd < 0)
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "a message without sender");
		if (s.fd != last) {
			if (last >= 0)
				cr_socket_set(last, SOL_SOCKET, SO_SNDBUF, before / 2);
			last = s.fd;
			getsockopt(s.fd, SOL_SOCKET, SO_SNDBUF, &before, &len);
			cr_socket_set(s.fd, SOL_SOCKET, SO_SNDBUF, wide);
			cr_socket_set(s.fd, SOL_SOCKET, SO_SNDBUFFORCE, wide);
		}
		if (s.m->mark == cairn_UnixMark_UNIX_MARK_READ)
			leave_mark(s.fd, e->fd);
		ret = unix_fill_send_one(r, made, &s, err);
	}
	if (last >= 0)
		cr_socket_set(last, SOL_SOCKET, SO_SNDBUF, before / 2);
	return ret;
}

/* ---- connections of datagram sockets ---- */

static int connect_dgram(struct unix_made *made, struct unix_end *e, struct cr_err *err)
{
	struct unix_end *peer = e->m->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB ?
					unix_end_find(made, e->m->peer) :
					NULL;
	const void *name = e->m->peer_name.bytes;
	struct sockaddr_un a;
	socklen_t len;

	if (e->m->state != cairn_UnixState_UNIX_CONNECTED) {
		/* Its mate of old is still connected to it, it is not. */
		a.sun_family = AF_UNSPEC;
		return e->paired ? connect(e->fd, (struct sockaddr *)&a, sizeof(a)) : 0;
	}
	if (e->paired && e->mate == peer && e->m->peer_kind != cairn_UnixPeer_UNIX_PEER_OUTSIDE)
		return 0;
	if (e->m->peer_kind == cairn_UnixPeer_UNIX_PEER_OUTSIDE) {
		len = unix_address(name, e->m->peer_name.size, -1, &a);
		if (!connect(e->fd, (struct sockaddr *)&a, len))
			return 0;
	}
	if (peer) {
		len = unix_address(peer->m->name.bytes, peer->m->name.size, peer->at, &a);
		return connect(e->fd, (struct sockaddr *)&a, len);
	}
	/* One that ends at once: sending fails as it did. */
	e->other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (unix_bind_private(made, e->other, name, e->m->peer_name.size, &e->other_at, err))
		return -1;
	len = unix_address(name, e->m->peer_name.size, e->other_at, &a);
	return connect(e->fd, (struct sockaddr *)&a, len);
}

/* ---- the end ---- */

static void unix_fill_finish(const struct unix_made *made, struct unix_end *e)
{
	/* An end that closes with something unread tells the other so. */
	if (e->m->reset && e->other >= 0 && e->m->type != SOCK_DGRAM)
		send(e->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	cr_close_fd(&e->other);
	cr_close_fd(&e->other_at);
	if (e->fd < 0)
		return;
	if (e->m->shutdown)
		shutdown(e->fd, e->m->shutdown - 1);
	if (e->m->state != cairn_UnixState_UNIX_LISTENING)
		unix_options_restore(e->fd, e->m);
}

/* Whether somebody is still to connect to it: it takes no more once it is connected itself. */
static bool unix_fill_expected(const struct unix_made *made, const struct unix_end *e)
{
	size_t i;

	for (i = 0; i < made->n; i++) {
		const struct unix_end *o = &made->v[i];

		if (o != e && !o->connected && o->m->type == SOCK_DGRAM &&
		    o->m->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB && o->m->peer == e->m->id &&
		    o->m->id != e->m->peer)
			return true;
	}
	return false;
}

static int connect_dgrams(struct unix_made *made, struct cr_err *err)
{
	bool again = true;
	size_t i;

	while (again) {
		again = false;
		for (i = 0; i < made->n; i++) {
			struct unix_end *e = &made->v[i];

			if (e->m->type != SOCK_DGRAM || e->connected || unix_fill_expected(made, e))
				continue;
			if (connect_dgram(made, e, err))
				return cr_fail(err, CR_EXIT_INTERNAL, errno,
					       "cannot connect a unix datagram socket again");
			e->connected = again = true;
		}
	}
	return 0;
}

int unix_fill(struct cr_restore *r, struct unix_made *made, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < made->n && !ret; i++)
		ret = fill(r, made, &made->v[i], err);
	if (!ret)
		ret = connect_dgrams(made, err);
	for (i = 0; i < made->n && !ret; i++) {
		unix_fill_finish(made, &made->v[i]);
		if (made->v[i].fd >= 0)
			ret = cr_filter_restore(r, made->v[i].fd, made->v[i].m->has_filter,
						&made->v[i].m->filter, err);
	}
	return ret;
}
