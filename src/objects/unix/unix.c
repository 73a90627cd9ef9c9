// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets during a save: what the kernel tells of each, and who is connected to whom. Sockets
// are noted one by one and described when all processes' are known, since the queues of some hold
// others. Nothing is taken from any queue; the job and its peers notice nothing.
#include "objects/unix/unix.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/save.h"
#include "objects/shape/shape.h"
#include "objects/unix/unix.h"
#include "objects/unix/unix_backlog.h"
#include "objects/unix/unix_empty.h"
#include "objects/unix/unix_name.h"
#include "objects/unix/unix_options.h"
#include "objects/unix/unix_queue.h"
#include "objects/unix/unix_restore.h"

#define STATE_ESTABLISHED 1
#define STATE_LISTEN 10

#define SET_NAME(field, from, len)                                                             \
	do {                                                                                   \
		(field).size =                                                                 \
			(size_t)(len) < sizeof((field).bytes) ? (len) : sizeof((field).bytes); \
		memcpy((field).bytes, from, (field).size);                                     \
		/* What ends a path is no part of it. */                                       \
		if ((field).size && (field).bytes[0])                                          \
			(field).size = strnlen((char *)(field).bytes, (field).size);           \
	} while (0)

static struct unix_save *unix_state_of(const struct cr_save *s)
{
	return s->state[cairn_ObjectKind_OBJECT_UNIX];
}

struct unix_socket *unix_socket_add(struct cr_save *s)
{
	struct unix_save *all = unix_state_of(s);
	struct unix_socket *u = calloc(1, sizeof(*u)), **to;

	if (!all)
		all = s->state[cairn_ObjectKind_OBJECT_UNIX] = calloc(1, sizeof(*all));
	to = all ? cr_list_add(&all->sockets) : NULL;
	if (!to || !u) {
		free(u);
		return NULL;
	}
	u->fd = -1;
	return *to = u;
}

static bool unix_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return S_ISSOCK(v->st.st_mode) &&
	       !getsockopt(v->fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_UNIX;
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	struct unix_socket *u = unix_socket_add(s);

	if (!u)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a socket");
	u->m.id = d->id;
	u->d = d;
	u->fd = v->fd;
	u->inode = v->st.st_ino;
	u->pid = v->pid;
	return 0;
}

static void read_credentials(struct unix_socket *u)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(u->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) || cred.uid == (uid_t)-1)
		return;
	u->m.pid = cred.pid;
	u->m.uid = cred.uid;
	u->m.gid = cred.gid;
}

static void read_peer_name(const struct unix_save *all, struct unix_socket *u)
{
	const struct unix_entry *peer =
		u->peer_inode ? unix_table_find(&all->table, u->peer_inode) : NULL;
	struct sockaddr_un name;
	socklen_t len = sizeof(name);
	size_t head = offsetof(struct sockaddr_un, sun_path);

	if (peer)
		SET_NAME(u->m.peer_name, peer->name, peer->name_len);
	else if (!getpeername(u->fd, (struct sockaddr *)&name, &len) && len > head)
		SET_NAME(u->m.peer_name, name.sun_path, len - head);
}

/* What can be known of one without the others. */
static int unix_describe(struct cr_save *s, struct unix_save *all, struct unix_socket *u,
			 struct cr_err *err)
{
	const struct unix_entry *e = unix_table_find(&all->table, u->inode);
	bool dgram;

	if (!e)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a unix socket of another network namespace (inode "
			       "%u), which cannot be saved: close it; the job goes on",
			       u->pid, u->inode);
	u->entry = e;
	u->peer_inode = e->peer;
	u->m.type = e->type;
	u->m.shutdown = e->shutdown;
	u->m.unread = e->unread;
	SET_NAME(u->m.name, e->name, e->name_len);
	dgram = e->type == SOCK_DGRAM;
	if (e->state == STATE_LISTEN) {
		u->m.state = cairn_UnixState_UNIX_LISTENING;
		u->m.backlog = e->backlog;
	} else if (dgram ? e->has_peer : e->state == STATE_ESTABLISHED) {
		u->m.state = cairn_UnixState_UNIX_CONNECTED;
	}
	/* A file leads to nobody if it is that of the listener which this one came from. */
	if (e->has_file && (dgram || u->m.state != cairn_UnixState_UNIX_CONNECTED))
		unix_name_locate(s, u);
	if (u->m.state)
		read_credentials(u);
	if (u->m.state == cairn_UnixState_UNIX_CONNECTED)
		read_peer_name(all, u);
	unix_options_save(&all->defaults, u);
	if (unix_filter_save(s, u, err))
		return -ENOTSUP;
	if (u->m.state == cairn_UnixState_UNIX_LISTENING)
		return e->nclients ? unix_backlog_save(s, u, err) : 0;
	return unix_queue_save(s, u, err);
}

/* ---- who is connected to whom ---- */

static int unix_by_inode(const void *a, const void *b)
{
	const struct unix_socket *x = *(struct unix_socket **)a, *y = *(struct unix_socket **)b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int unix_sort(struct unix_save *all)
{
	size_t i;

	for (i = 0; i < all->sockets.n; i++) {
		struct unix_socket **to = cr_list_add(&all->sorted);

		if (!to)
			return -ENOMEM;
		*to = all->sockets.v[i];
	}
	qsort(all->sorted.v, all->sorted.n, sizeof(*all->sorted.v), unix_by_inode);
	return 0;
}

static struct unix_socket *unix_find(struct unix_save *all, uint32_t inode)
{
	struct unix_socket key = { .inode = inode }, *pkey = &key, **found;

	found = inode ? bsearch(&pkey, all->sorted.v, all->sorted.n, sizeof(pkey), unix_by_inode) :
			NULL;
	return found ? *found : NULL;
}

/* The one that stands for a client in a backlog of the job's. */
static struct unix_socket *waiting(struct unix_save *all, uint32_t client)
{
	size_t i;

	for (i = 0; i < all->sockets.n; i++)
		if (all->sockets.v[i]->m.state == cairn_UnixState_UNIX_WAITING &&
		    all->sockets.v[i]->peer_inode == client)
			return all->sockets.v[i];
	return NULL;
}

static void link_peer(struct cr_save *s, struct unix_save *all, struct unix_socket *u)
{
	struct unix_socket *peer = unix_find(all, u->peer_inode);
	uint32_t listener = 0;

	if (u->m.state != cairn_UnixState_UNIX_CONNECTED &&
	    u->m.state != cairn_UnixState_UNIX_WAITING)
		return;
	if (!peer && !u->peer_inode) {
		listener = unix_table_waits(&all->table, u->inode);
		peer = listener ? waiting(all, u->inode) : NULL;
	}
	if (peer) {
		u->m.peer_kind = cairn_UnixPeer_UNIX_PEER_JOB;
		u->m.peer = peer->m.id;
		/* Who connected is known for sure only of accepted ones. */
		if (u->m.state == cairn_UnixState_UNIX_WAITING && u->fd < 0) {
			u->m.pid = peer->pid;
			u->m.uid = geteuid();
			u->m.gid = getegid();
		}
		return;
	}
	u->m.peer_kind = u->peer_inode || listener ? cairn_UnixPeer_UNIX_PEER_OUTSIDE :
						     cairn_UnixPeer_UNIX_PEER_CLOSED;
	if (u->m.peer_kind == cairn_UnixPeer_UNIX_PEER_OUTSIDE)
		cr_remark(s,
			  "process %d has a unix socket connected to a process outside the job "
			  "(%s%.*s): %s",
			  u->pid, u->m.peer_name.size ? "" : "without a name",
			  (int)u->m.peer_name.size, (char *)u->m.peer_name.bytes,
			  u->m.type == SOCK_DGRAM ?
				  "a restart connects it again, if somebody is there" :
				  "after a restart it finds the connection closed");
}

static int read_table(struct unix_save *all, struct cr_err *err)
{
	int ret = unix_table_read(&all->table);

	if (!ret)
		ret = unix_defaults_read(&all->defaults);
	if (ret)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, -ret,
			       "the job has unix sockets, and the kernel does not tell who is "
			       "connected to whom (sock_diag of AF_UNIX is forbidden here or not "
			       "built in: CONFIG_UNIX_DIAG); the job goes on");
	unix_seen_prune(&all->table);
	return 0;
}

static int unix_finish(struct cr_save *s, struct cr_err *err)
{
	struct unix_save *all = unix_state_of(s);
	size_t i;
	int ret;

	if (!all)
		return 0;
	ret = read_table(all, err);
	/* The list grows by what is found in queues. */
	for (i = 0; i < all->sockets.n && !ret; i++)
		if (all->sockets.v[i]->d)
			ret = unix_describe(s, all, all->sockets.v[i], err);
		else if (all->sockets.v[i]->fd >= 0)
			ret = unix_queue_save(s, all->sockets.v[i], err);
	if (!ret && unix_sort(all))
		ret = cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving sockets");
	for (i = 0; i < all->sockets.n && !ret; i++) {
		link_peer(s, all, all->sockets.v[i]);
		if (s->writer)
			ret = cr_image_record(s->writer, cairn_RecordType_RECORD_UNIX,
					      &all->sockets.v[i]->m, err);
	}
	return ret;
}

static void unix_free_save(struct cr_save *s)
{
	struct unix_save *all = unix_state_of(s);
	size_t i;

	if (!all)
		return;
	for (i = 0; i < all->sockets.n; i++) {
		if (!all->sockets.v[i]->d)
			cr_close_fd(&all->sockets.v[i]->fd);
		free(all->sockets.v[i]);
	}
	free(all->sockets.v);
	free(all->sorted.v);
	free(all->buffer);
	unix_table_free(&all->table);
	free(all);
	s->state[cairn_ObjectKind_OBJECT_UNIX] = NULL;
}

const struct cr_object cr_object_unix = {
	.shape = &cr_shape_unix,
	.match = unix_match,
	.save = save,
	.finish = unix_finish,
	.prepare = unix_prepare,
	.restore = unix_restore,
	.free_save = unix_free_save,
	.free_restore = unix_free_restore,
};
