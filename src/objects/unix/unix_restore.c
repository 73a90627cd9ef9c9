// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets, made again: first all of them with their names and connections, then, when any is
// asked for, what was in their queues (unix_fill.c). Runs in the shepherd inside the sandbox,
// before any process of the job exists. On failure nothing remains but a socket's file in place of
// the stale one.
#include "objects/unix/unix_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "objects/core/index.h"
#include "objects/core/rights.h"
#include "objects/core/stand_in.h"
#include "objects/unix/unix_bind.h"
#include "objects/unix/unix_fill.h"
#include "objects/unix/unix_options.h"

static struct unix_made *made_of(const struct cr_restore *r)
{
	return r->state[cairn_ObjectKind_OBJECT_UNIX];
}

static int unix_restore_by_id(const void *a, const void *b)
{
	const struct unix_end *x = a, *y = b;

	return (x->m->id > y->m->id) - (x->m->id < y->m->id);
}

struct unix_end *unix_end_find(const struct unix_made *made, uint32_t id)
{
	cairn_UnixSocket m = { .id = id };
	struct unix_end key = { .m = &m };

	return bsearch(&key, made->v, made->n, sizeof(key), unix_restore_by_id);
}

static int unix_restore_read_records(struct cr_restore *r, struct unix_made *made,
				     struct cr_err *err)
{
	const struct cr_image *img = r->img;
	size_t i;

	made->n = img->unix_sockets.n;
	made->v = calloc(made->n, sizeof(*made->v));
	if (!made->v)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making sockets");
	for (i = 0; i < made->n; i++) {
		struct unix_end *e = &made->v[i];
		int d;

		e->m = &img->unix_sockets.v[i];
		e->fd = e->at = e->other = e->other_at = -1;
		d = cr_description_index(img, e->m->id);
		e->d = d >= 0 ? &img->descriptions.v[d] : NULL;
		if (!e->d != (e->m->state == cairn_UnixState_UNIX_WAITING))
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "a socket without description");
	}
	qsort(made->v, made->n, sizeof(*made->v), unix_restore_by_id);
	/* The messages of a socket follow each other. */
	for (i = 0; i < img->unix_messages.n; i++) {
		struct unix_end *e = unix_end_find(made, img->unix_messages.v[i].socket);

		if (!e)
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "a message without socket");
		if (!e->nmessages++)
			e->message = i;
	}
	return 0;
}

static int new_socket(uint32_t type, struct cr_err *err)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot make a unix socket") : fd;
}

/* ---- what a stand-in does ---- */

struct call {
	int fd, fds[2], number;
	uint32_t type;
	struct sockaddr_un address;
	socklen_t len;
};

static int call_pair(void *arg)
{
	struct call *c = arg;

	return socketpair(AF_UNIX, c->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, c->fds) ? -errno : 0;
}

static int call_listen(void *arg)
{
	struct call *c = arg;

	return listen(c->fd, c->number) ? -errno : 0;
}

static int call_connect(void *arg)
{
	struct call *c = arg;

	return connect(c->fd, (struct sockaddr *)&c->address, c->len) ? -errno : 0;
}

static int unix_restore_as(const struct unix_made *made, const cairn_UnixSocket *who,
			   int (*fn)(void *), struct call *c, const char *what, struct cr_err *err)
{
	int ret = cr_stand_in(made->ids, who->pid, who->uid, who->gid, fn, c);

	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "cannot make a unix socket again: %s",
			     what) :
		     0;
}

/* ---- connections ---- */

static bool autobound(const uint8_t *name, size_t len)
{
	return len == 6 && !name[0] && strspn((const char *)name + 1, "0123456789abcdef") >= 5;
}

/* Of two ends with names, whether this one came from a listener: others have its name, too. */
static bool unix_restore_accepted(const struct unix_made *made, const cairn_UnixSocket *m)
{
	size_t i;

	for (i = 0; i < made->n; i++) {
		const cairn_UnixSocket *o = made->v[i].m;

		if (o != m && o->name.size == m->name.size &&
		    !memcmp(o->name.bytes, m->name.bytes, m->name.size) &&
		    (o->state == cairn_UnixState_UNIX_LISTENING ||
		     o->state == cairn_UnixState_UNIX_CONNECTED))
			return true;
	}
	return false;
}

static bool unix_restore_is_server(const struct unix_made *made, const struct unix_end *a)
{
	const cairn_UnixSocket *m = a->m;

	if (!m->name.size || !m->peer_name.size)
		return m->name.size;
	return unix_restore_accepted(made, m) || autobound(m->peer_name.bytes, m->peer_name.size);
}

static int unix_restore_pair(struct unix_made *made, struct unix_end *a, struct unix_end *b,
			     struct cr_err *err)
{
	struct call c = { .type = a->m->type };
	int ret = unix_restore_as(made, a->m, call_pair, &c, "socketpair", err);

	if (ret)
		return ret;
	a->fd = c.fds[0];
	a->paired = true;
	a->mate = b;
	if (b) {
		b->fd = c.fds[1];
		b->paired = true;
		b->mate = a;
	} else {
		a->other = c.fds[1];
	}
	return 0;
}

/*
 * A connection through a listener of its own, that has the server's name: both ends learn who was
 * there, the client from whoever listens, the server from whoever connects.
 */
static int connect_both(struct unix_made *made, const struct unix_end *server, int *server_fd,
			const cairn_UnixSocket *name, const struct unix_end *client, int *client_fd,
			struct cr_err *err)
{
	const void *sname = server ? server->m->name.bytes : name->peer_name.bytes;
	size_t slen = server ? server->m->name.size : name->peer_name.size;
	const void *cname = client ? client->m->name.bytes : name->peer_name.bytes;
	size_t clen = client ? client->m->name.size : name->peer_name.size;
	cr_auto_fd listener = new_socket(name->type, err), at = -1, client_at = -1;
	struct call c = { .fd = listener, .number = 1 };
	int ret;

	if (listener < 0)
		return listener;
	ret = unix_bind_private(made, listener, sname, slen, &at, err);
	if (!ret)
		ret = unix_restore_as(made, client ? client->m : name, call_listen, &c, "listen",
				      err);
	if (ret)
		return ret;
	c.fd = *client_fd = new_socket(name->type, err);
	if (c.fd < 0)
		return c.fd;
	ret = unix_bind_private(made, c.fd, cname, clen, &client_at, err);
	c.len = unix_address(sname, slen, at, &c.address);
	if (!ret)
		ret = unix_restore_as(made, server ? server->m : name, call_connect, &c, "connect",
				      err);
	if (ret)
		return ret;
	*server_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return *server_fd < 0 ? cr_fail(err, CR_EXIT_INTERNAL, errno,
					"cannot make a unix socket again: accept") :
				0;
}

static int make_connection(struct unix_made *made, struct unix_end *a, struct cr_err *err)
{
	bool job = a->m->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB;
	struct unix_end *b = job ? unix_end_find(made, a->m->peer) : NULL;
	int *other = b ? &b->fd : &a->other;

	if (job && !b)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "a socket's peer is missing");
	if (b && b->m->state == cairn_UnixState_UNIX_WAITING)
		return 0;
	if (!a->m->name.size && !a->m->peer_name.size)
		return unix_restore_pair(made, a, b, err);
	if (unix_restore_is_server(made, a))
		return connect_both(made, a, &a->fd, a->m, b, other, err);
	return connect_both(made, b, other, a->m, a, &a->fd, err);
}

/* Datagram sockets with a peer that no name leads to were a pair once. */
static int make_dgram_pair(struct unix_made *made, struct unix_end *a, struct cr_err *err)
{
	struct unix_end *b = a->m->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB ?
				     unix_end_find(made, a->m->peer) :
				     NULL;
	bool both = b && b->m->peer == a->m->id && a->m->pid;

	if ((a->m->peer_name.size && !both) || (b && b->fd >= 0))
		return 0;
	return unix_restore_pair(made, a, b, err);
}

static int make_name(struct unix_made *made, struct unix_end *e, struct cr_err *err)
{
	struct cr_behalf before;
	int ret;

	if (e->d->path[0]) {
		before = cr_on_behalf(cr_behalf_of_description(made->r, e->d));
		ret = unix_bind_place(made, e->fd, e->m, e->d->path, &e->at, err);
		cr_on_behalf(before);
		return ret;
	}
	return unix_bind_private(made, e->fd, e->m->name.bytes, e->m->name.size, &e->at, err);
}

static int make_single(struct unix_made *made, struct unix_end *e, struct cr_err *err)
{
	struct call c = { .number = e->m->backlog };
	int ret;

	if (e->fd < 0)
		e->fd = new_socket(e->m->type, err);
	if (e->fd < 0)
		return e->fd;
	ret = make_name(made, e, err);
	if (ret || e->m->state != cairn_UnixState_UNIX_LISTENING)
		return ret;
	/* Whoever is in its backlog takes over options of it. */
	unix_options_restore(e->fd, e->m);
	c.fd = e->fd;
	return unix_restore_as(made, e->m, call_listen, &c, "listen", err);
}

/* A client comes to a listener's backlog. */
static int make_waiting(struct unix_made *made, struct unix_end *w, struct cr_err *err)
{
	struct unix_end *l = unix_end_find(made, w->m->listener);
	bool job = w->m->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB;
	struct unix_end *client = job ? unix_end_find(made, w->m->peer) : NULL;
	struct call c = { 0 };
	int ret;

	if (!l || l->fd < 0 || (job && !client))
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "a listener is missing");
	c.fd = new_socket(w->m->type, err);
	if (c.fd < 0)
		return c.fd;
	if (client) {
		client->fd = c.fd;
		ret = make_name(made, client, err);
	} else {
		w->other = c.fd;
		ret = unix_bind_private(made, c.fd, w->m->peer_name.bytes, w->m->peer_name.size,
					&w->other_at, err);
	}
	c.len = unix_address(l->m->name.bytes, l->m->name.size, l->at, &c.address);
	return ret ? ret :
		     unix_restore_as(made, w->m, call_connect, &c, "connect to a listener", err);
}

int unix_prepare(struct cr_restore *r, struct cr_err *err)
{
	struct unix_made *made;
	size_t i;
	int ret;

	if (!r->img->unix_sockets.n)
		return 0;
	made = calloc(1, sizeof(*made));
	r->state[cairn_ObjectKind_OBJECT_UNIX] = made;
	if (!made)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making sockets");
	made->tree = -1;
	made->r = r;
	made->ids = r->virtual_ids ? r->ids : NULL;
	ret = unix_restore_read_records(r, made, err);
	for (i = 0; i < made->n && !ret; i++) {
		struct unix_end *e = &made->v[i];

		if (e->m->state != cairn_UnixState_UNIX_CONNECTED || e->fd >= 0)
			continue;
		ret = e->m->type == SOCK_DGRAM ? make_dgram_pair(made, e, err) :
						 make_connection(made, e, err);
	}
	for (i = 0; i < made->n && !ret; i++) {
		struct unix_end *e = &made->v[i];

		if (e->m->type == SOCK_DGRAM || e->m->state == cairn_UnixState_UNIX_IDLE ||
		    e->m->state == cairn_UnixState_UNIX_LISTENING)
			ret = make_single(made, e, err);
	}
	for (i = 0; i < made->n && !ret; i++)
		if (made->v[i].m->state == cairn_UnixState_UNIX_WAITING &&
		    made->v[i].m->peer_kind != cairn_UnixPeer_UNIX_PEER_OUTSIDE)
			ret = make_waiting(made, &made->v[i], err);
	return ret;
}

int unix_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct unix_made *made = made_of(r);
	struct unix_end *e = made ? unix_end_find(made, d->id) : NULL;
	int ret, fd;

	if (!e || e->fd < 0)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks socket %u", d->id);
	if (!made->filled && !made->filling) {
		made->filling = true;
		ret = unix_fill(r, made, err);
		made->filling = false;
		made->filled = true;
		if (ret)
			return ret;
	}
	if (!(d->flags & O_NONBLOCK))
		fcntl(e->fd, F_SETFL, fcntl(e->fd, F_GETFL) & ~O_NONBLOCK);
	if (made->filling)
		return fcntl(e->fd, F_DUPFD_CLOEXEC, 3);
	fd = e->fd;
	e->fd = -1;
	return fd;
}

void unix_free_restore(struct cr_restore *r)
{
	struct unix_made *made = made_of(r);
	size_t i;

	if (!made)
		return;
	for (i = 0; i < made->n; i++) {
		cr_close_fd(&made->v[i].fd);
		cr_close_fd(&made->v[i].at);
		cr_close_fd(&made->v[i].other);
		cr_close_fd(&made->v[i].other_at);
	}
	for (i = 0; i < made->senders.n; i++) {
		cr_close_fd(&made->senders.v[i].fd);
		cr_close_fd(&made->senders.v[i].at);
	}
	cr_close_fd(&made->tree);
	if (made->directory[0])
		rmdir(made->directory);
	free(made->senders.v);
	free(made->v);
	free(made);
	r->state[cairn_ObjectKind_OBJECT_UNIX] = NULL;
}
