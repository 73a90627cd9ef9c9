// SPDX-License-Identifier: Apache-2.0
//
// Connections that wait in a listener's backlog. Their end in the listener has no descriptor yet,
// so what the client has sent is out of reach. Where nothing has been sent, the client tells all
// there is. Else they are accepted here, on our duplicate of the listener, and given back: for each
// a new connection is put into the backlog, in the same order, that carries the accepted one as a
// descriptor; the agent's accept() unpacks it (preload/wrap_accept.c). The listener is readable
// as before, and the number of connections in it is the same.
// Failure: refused before anything is accepted, if the listener cannot be reached by its name.
#include "objects/unix/unix_backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/accept.h"
#include "objects/core/object.h"
#include "objects/unix/unix.h"
#include "common/scm.h"

typedef CR_LIST(int) fd_list;

/* How the listener is reached; a path through a descriptor, which *held keeps open. */
static socklen_t address_of(const struct unix_socket *u, struct sockaddr_un *a, int *held)
{
	a->sun_family = AF_UNIX;
	if (u->m.name.size && !u->m.name.bytes[0]) {
		memcpy(a->sun_path, u->m.name.bytes, u->m.name.size);
		return offsetof(struct sockaddr_un, sun_path) + u->m.name.size;
	}
	*held = u->d->path[0] ? open(u->d->path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (*held < 0)
		return 0;
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d", *held);
	return sizeof(*a);
}

/* Somebody else's type is refused last, after the way has been found free. */
static bool reachable(const struct sockaddr_un *a, socklen_t len)
{
	cr_auto_fd probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (a->sun_path[0])
		return connect(probe, (const struct sockaddr *)a, len) && errno == EPROTOTYPE;
	return true;
}

/* Carries fd into the backlog. It may be closed at once: what it sent stays. */
static int unix_backlog_put_back(int type, const struct sockaddr_un *a, socklen_t len, int fd)
{
	cr_auto_fd carrier = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	CR_RIGHTS_ROOM(1) room;
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int n;

	n = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, CR_HELD_NAME "%d", getpid());
	if (bind(carrier, (struct sockaddr *)&name,
		 offsetof(struct sockaddr_un, sun_path) + 1 + n) ||
	    connect(carrier, (const struct sockaddr *)a, len))
		return -errno;
	cr_rights_put(&m, &room, &fd, 1);
	return sendmsg(carrier, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The connection behind one that an earlier checkpoint has put back; fd itself if it is none. */
static int unix_backlog_unpack(int fd)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);
	CR_RIGHTS_ROOM(1) room;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &room,
			    .msg_controllen = sizeof(room) };
	size_t came = 0;
	int real;

	if (getpeername(fd, (struct sockaddr *)&name, &len) || !cr_is_held(&name, len) ||
	    recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return fd;
	cr_rights_take(&m, &real, 1, &came);
	if (!came)
		return fd;
	close(fd);
	return real;
}

static void unix_backlog_take_all(int listener, fd_list *fds)
{
	struct pollfd p = { listener, POLLIN, 0 };
	int fd, *to;

	/* Nobody of the job runs who could take one in between. */
	while (poll(&p, 1, 0) == 1 && p.revents & POLLIN) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			break;
		to = cr_list_add(fds);
		if (!to) {
			close(fd);
			break;
		}
		*to = unix_backlog_unpack(fd);
	}
}

static int give_back_all(struct unix_socket *u, const struct sockaddr_un *a, socklen_t len,
			 const fd_list *fds)
{
	bool widened = false;
	size_t i;
	int ret = 0;

	for (i = 0; i < fds->n; i++) {
		ret = unix_backlog_put_back(u->m.type, a, len, fds->v[i]);
		if (ret == -EAGAIN && !widened) {
			/* Clients outside who had waited for room have it now. */
			widened = !listen(u->fd, u->m.backlog + fds->n + 8);
			i--;
		} else if (ret) {
			break;
		}
	}
	if (widened)
		listen(u->fd, u->m.backlog);
	return ret;
}

static struct unix_socket *unix_backlog_add(struct cr_save *s, const struct unix_socket *l,
					    uint32_t client)
{
	struct unix_socket *w = unix_socket_add(s);

	if (!w)
		return NULL;
	w->m.id = ++s->next_id;
	w->m.state = cairn_UnixState_UNIX_WAITING;
	w->m.type = l->m.type;
	w->m.listener = l->m.id;
	memcpy(&w->m.name, &l->m.name, sizeof(w->m.name));
	w->peer_inode = client;
	w->pid = l->pid;
	return w;
}

/* What an accepted one tells. */
static void unix_backlog_ask(const struct unix_save *all, struct unix_socket *w)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);
	const struct unix_entry *e;
	struct sockaddr_un name;
	socklen_t len = sizeof(name);
	struct ucred cred;
	struct stat st;

	if (!getpeername(w->fd, (struct sockaddr *)&name, &len) && len > head) {
		len -= head;
		w->m.peer_name.size =
			len < sizeof(w->m.peer_name.bytes) ? len : sizeof(w->m.peer_name.bytes);
		memcpy(w->m.peer_name.bytes, name.sun_path, w->m.peer_name.size);
		if (name.sun_path[0])
			w->m.peer_name.size = strnlen(name.sun_path, w->m.peer_name.size);
	}
	len = sizeof(cred);
	if (!getsockopt(w->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		w->m.pid = cred.pid;
		w->m.uid = cred.uid;
		w->m.gid = cred.gid;
	}
	/* One that was accepted and given back before is in the table. */
	if (fstat(w->fd, &st))
		return;
	w->inode = st.st_ino;
	e = unix_table_find(&all->table, w->inode);
	if (e)
		w->peer_inode = e->peer;
}

/* Whether a client of the table has sent nothing, so that its end tells everything. */
static bool unix_backlog_plain(const struct unix_save *all, uint32_t client)
{
	const struct unix_entry *e = client ? unix_table_find(&all->table, client) : NULL;

	return e && !e->unread;
}

static int save_accepted(struct cr_save *s, struct unix_socket *u, struct cr_err *err)
{
	struct unix_save *all = s->state[cairn_ObjectKind_OBJECT_UNIX];
	const uint32_t *clients = all->table.clients.v + u->entry->first_client;
	struct sockaddr_un a = { 0 };
	cr_auto_fd held = -1;
	fd_list fds = { 0 };
	socklen_t len = address_of(u, &a, &held);
	size_t i;
	int ret;

	if (!len || !reachable(&a, len))
		return cr_fail(
			err, CR_EXIT_UNSUPPORTED, 0,
			"process %d listens on a unix socket (%.*s) without a name that leads "
			"to it; in its backlog are connections with data that nobody has "
			"accepted: accept them first; the job goes on",
			u->pid, (int)u->m.name.size, (char *)u->m.name.bytes);
	unix_backlog_take_all(u->fd, &fds);
	ret = give_back_all(u, &a, len, &fds);
	if (ret)
		cr_fail(err, CR_EXIT_INTERNAL, -ret,
			"cannot give back connections to a unix socket of process %d", u->pid);
	for (i = 0; i < fds.n; i++) {
		struct unix_socket *w =
			ret ? NULL :
			      unix_backlog_add(s, u, i < u->entry->nclients ? clients[i] : 0);

		if (!w) {
			close(fds.v[i]);
			continue;
		}
		w->fd = fds.v[i];
		unix_backlog_ask(all, w);
	}
	free(fds.v);
	return ret;
}

int unix_backlog_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err)
{
	struct unix_save *all = s->state[cairn_ObjectKind_OBJECT_UNIX];
	const uint32_t *clients = all->table.clients.v + u->entry->first_client;
	size_t i;

	for (i = 0; i < u->entry->nclients; i++)
		if (!unix_backlog_plain(all, clients[i]))
			return s->writer ? save_accepted(s, u, err) : 0;
	for (i = 0; i < u->entry->nclients; i++)
		if (!unix_backlog_add(s, u, clients[i]))
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a backlog");
	return 0;
}
