// SPDX-License-Identifier: Apache-2.0
//
// TCP sockets made again: connections inside the job between the two ends that there were, each
// filled by its peer, then closed as far as they had been; listeners; what waits to be accepted or
// answered. A connection that led out of the job is made with an end of our own, which resets it.
// Runs in the shepherd, before there are processes. Every address is taken first, so that no
// helper's port is one that somebody still needs. On failure nothing of the job has run.
#include "objects/inet/tcp_restore.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "common/gather.h"
#include "common/image_read.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/address_map.h"
#include "objects/inet/tcp_rendezvous.h"
#include "objects/inet/tcp_queue.h"
#include "objects/inet/tcp_repair.h"
#include "objects/inet/tcp_restore.h"
#include "objects/inet/tcp_time_wait.h"

#define PATIENCE_MS 10000

static bool is_tcp(const struct cr_inet_new *k)
{
	return k->m->type == SOCK_STREAM && k->m->protocol == IPPROTO_TCP;
}

static bool listens(const struct cr_inet_new *k)
{
	return is_tcp(k) && k->m->state == CR_TCP_LISTEN;
}

/* A connection that has to be made, whatever becomes of it then. */
static bool was_connected(const struct cr_inet_new *k)
{
	const cairn_InetSocket *m = k->m;

	return k->kind == cairn_InetPeer_INET_PEER_JOB ||
	       k->kind == cairn_InetPeer_INET_PEER_MEMBER ||
	       k->kind == cairn_InetPeer_INET_PEER_CLOSED ||
	       k->kind == cairn_InetPeer_INET_PEER_OUTSIDE ||
	       (m->state == CR_TCP_CLOSE && m->events & POLLRDHUP && m->error != ECONNREFUSED);
}

static bool lives_on(const struct cr_tcp_work *w, const cairn_InetSocket *m)
{
	return w->r->tcp_repair && m->has_repair;
}

/* Its other end can only be one of ours. */
static bool needs_helper(const struct cr_tcp_work *w, const struct cr_inet_new *k)
{
	return was_connected(k) && !lives_on(w, k->m) && k->kind != cairn_InetPeer_INET_PEER_JOB &&
	       k->kind != cairn_InetPeer_INET_PEER_MEMBER;
}

static bool tcp_restore_is_server(const struct cr_tcp_work *w, const struct cr_inet_new *k)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (listens(&w->all[i]) &&
		    cr_inet_port(&w->all[i].local) == cr_inet_port(&k->local))
			return true;
	return false;
}

int cr_tcp_made_failed(const struct cr_inet_new *k, int error, struct cr_err *err)
{
	char a[CR_INET_TEXT], b[CR_INET_TEXT];

	return cr_fail(err, CR_EXIT_CHANGED, error,
		       "cannot make the TCP connection of %s and %s again",
		       cr_inet_text(&k->local, a), cr_inet_text(&k->remote, b));
}

int cr_tcp_new_socket(const cairn_InetSocket *m, int family, struct cr_err *err)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot make a TCP socket");
	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (m)
		cr_inet_options_restore(fd, m, CR_INET_BEFORE);
	return fd;
}

/* ---- addresses first ---- */

static struct cr_tcp_gate *tcp_restore_find_gate(struct cr_tcp_work *w,
						 const union cr_inet_name *name)
{
	size_t i;

	for (i = 0; i < w->gates.n; i++)
		if (!memcmp(&w->gates.v[i].name, name, sizeof(*name)))
			return &w->gates.v[i];
	return NULL;
}

static int bind_name(struct cr_tcp_work *w, int fd, union cr_inet_name *name, struct cr_err *err)
{
	return w->places ? cr_address_map_bind(w->places, fd, name, SOCK_STREAM, err) :
			   cr_tcp_bind(fd, name, err);
}

/* Were one of them bound, no other one could ever come from there again. */
static bool has_twin(const struct cr_tcp_work *w, const struct cr_inet_new *k)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (&w->all[i] != k && is_tcp(&w->all[i]) &&
		    cr_inet_overlap(&w->all[i].local, &k->local))
			return true;
	return false;
}

/* The end that connects. Meanwhile the kernel may have given its port to somebody else as well. */
static int bind_connecting(struct cr_tcp_work *w, struct cr_inet_new *k, struct cr_err *err)
{
	if (w->places)
		return bind_name(w, k->fd, &k->local, err);
	k->shares_port = has_twin(w, k);
	return cr_tcp_bind_connecting(k->fd, &k->local, &k->remote, &k->shares_port, err);
}

static int make_gate(struct cr_tcp_work *w, union cr_inet_name *name, struct cr_err *err)
{
	cr_auto_fd fd = -1;
	struct cr_tcp_gate *g;
	int ret;

	if (tcp_restore_find_gate(w, name))
		return 0;
	fd = cr_tcp_new_socket(NULL, name->any.sa_family, err);
	if (fd < 0)
		return fd;
	ret = bind_name(w, fd, name, err);
	if (ret)
		return ret;
	g = cr_list_add(&w->gates);
	if (!g)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making sockets");
	g->name = *name;
	g->fd = fd;
	fd = -1;
	return 0;
}

/*
 * Of a pair, the end that is accepted; of one with a helper, always the job's. Where nobody listens
 * any more it is the lower port: those that the kernel chooses for who connects are high, and may
 * be those of other connections as well, among which nobody could listen.
 */
static bool is_accepted(const struct cr_tcp_work *w, const struct cr_inet_new *k)
{
	if (k->kind == cairn_InetPeer_INET_PEER_MEMBER)
		return k->m->accepted;
	if (!k->peer)
		return true;
	if (tcp_restore_is_server(w, k) != tcp_restore_is_server(w, k->peer))
		return tcp_restore_is_server(w, k);
	if (cr_inet_port(&k->local) != cr_inet_port(&k->peer->local))
		return cr_inet_port(&k->local) < cr_inet_port(&k->peer->local);
	return k > k->peer;
}

/* Two that listen on one port had SO_REUSEPORT once, whatever they say now. */
static bool shares_listening(const struct cr_tcp_work *w, const struct cr_inet_new *k)
{
	size_t i;

	for (i = 0; i < w->n && listens(k); i++)
		if (&w->all[i] != k && listens(&w->all[i]) &&
		    cr_inet_overlap(&w->all[i].local, &k->local))
			return true;
	return false;
}

static int take_address(struct cr_tcp_work *w, struct cr_inet_new *k, struct cr_err *err)
{
	const cairn_InetSocket *m = k->m;

	if (lives_on(w, m)) {
		k->fd = cr_tcp_new_socket(m, m->family, err);
		return k->fd < 0 ? k->fd : cr_tcp_repair_restore(w->r, k, err);
	}
	if (was_connected(k) && !cr_inet_is_any(&k->local) && !cr_inet_is_here(&k->local)) {
		cr_inet_loopback(&k->local);
		cr_inet_loopback(&k->remote);
	}
	if (w->places)
		cr_address_map_shifted(w->places, &k->local, SOCK_STREAM);
	if (was_connected(k) && is_accepted(w, k)) {
		if (cr_inet_is_any(&k->local))
			cr_inet_loopback(&k->local);
		return make_gate(w, &k->local, err);
	}
	k->fd = cr_tcp_new_socket(m, m->family, err);
	if (k->fd < 0)
		return k->fd;
	if (shares_listening(w, k))
		cr_socket_set(k->fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!cr_inet_port(&k->local) && cr_inet_is_any(&k->local))
		return 0;
	/* One that was refused is bound no more. */
	if (m->error == ECONNREFUSED)
		return 0;
	return m->remote.size ? bind_connecting(w, k, err) : bind_name(w, k->fd, &k->local, err);
}

static int open_gates(struct cr_tcp_work *w, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < w->gates.n; i++)
		if (listen(w->gates.v[i].fd, 128))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot listen");
	return 0;
}

static void close_gates(struct cr_tcp_work *w)
{
	size_t i;

	for (i = 0; i < w->gates.n; i++)
		cr_close_fd(&w->gates.v[i].fd);
	w->gates.n = 0;
}

/* ---- connecting ---- */

static bool await_event(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, PATIENCE_MS) == 1 && p.revents & events;
}

/* The connection from that port; any other, of a stranger, is not ours to serve. */
static int accept_from(int gate, uint16_t port)
{
	union cr_inet_name from;
	socklen_t len;
	int fd;

	while (await_event(gate, POLLIN)) {
		len = sizeof(from);
		fd = accept4(gate, &from.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0 && cr_inet_port(&from) == port)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ETIMEDOUT;
}

/* Joins fd, which may be bound, with a new end at a gate. */
static int tcp_restore_join(struct cr_tcp_work *w, int fd, const union cr_inet_name *local,
			    bool *shares, const union cr_inet_name *at)
{
	union cr_inet_name own, to = *at;
	socklen_t len = sizeof(own);
	int ret;

	/* A socket of one family may have its peer in the other. */
	if (cr_socket_get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET && at->any.sa_family == AF_INET6) {
		struct cr_inet_key k = cr_inet_key(at);

		memset(&to, 0, sizeof(to));
		to.v4.sin_family = AF_INET;
		memcpy(&to.v4.sin_addr, k.address + 12, 4);
		to.v4.sin_port = k.port;
	} else if (at->any.sa_family == AF_INET &&
		   cr_socket_get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6) {
		struct cr_inet_key k = cr_inet_key(at);

		memset(&to, 0, sizeof(to));
		to.v6.sin6_family = AF_INET6;
		memcpy(&to.v6.sin6_addr, k.address, 16);
		to.v6.sin6_port = k.port;
	}
	ret = cr_tcp_connect(fd, local, &to, shares);
	if (ret)
		return ret;
	if (getsockname(fd, &own.any, &len))
		return -errno;
	return accept_from(tcp_restore_find_gate(w, at)->fd, cr_inet_port(&own));
}

/*
 * The helper has the remote address if that is to be had, for who asks for it. A port where
 * somebody listens for others is not to be shared.
 */
static int tcp_restore_make_helper(struct cr_tcp_work *w, struct cr_inet_new *k, bool *shares,
				   struct cr_err *err)
{
	int fd = cr_tcp_new_socket(NULL, k->local.any.sa_family, err);

	if (fd >= 0 && cr_tcp_wants_name(k) && k->remote.any.sa_family == k->local.any.sa_family &&
	    cr_inet_is_here(&k->remote)) {
		struct cr_err unused = { 0 };

		if (tcp_restore_find_gate(w, &k->remote))
			cr_tcp_try_bind(fd, &k->remote);
		else
			cr_tcp_bind_connecting(fd, &k->remote, &k->local, shares, &unused);
	}
	return fd;
}

/* ---- queues ---- */

static bool wait_queued(int fd, size_t want)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + PATIENCE_MS * 1000000ll;
	struct timespec nap = { 0, 20000 };
	struct tcp_info info;
	socklen_t len;
	char byte;

	for (;;) {
		len = sizeof(info);
		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
			return false;
		if (info.tcpi_bytes_received >= want)
			return true;
		if (cr_now_ns(CLOCK_MONOTONIC) > end)
			return false;
		/* Looks at the window, and tells the sender. */
		recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 1000000)
			nap.tv_nsec *= 2;
	}
}

static int tcp_restore_send_all(int from, int to, const char *data, size_t len, int flags)
{
	char byte;

	while (len) {
		ssize_t n = send(from, data, len, flags | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			recv(to, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
			if (await_event(from, POLLOUT))
				continue;
			return -ENOBUFS;
		}
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

/*
 * What its peer still had stays with the peer, if the buffers are what they were; but not where
 * nothing follows but the end, nor what the peer's buffer cannot take without privilege, though it
 * had grown so far by itself.
 */
static void tcp_restore_make_room(struct cr_inet_new *k, int from, size_t len)
{
	const cairn_InetSocket *m = k->m;
	size_t all = len * 2 + (1 << 16);

	cr_inet_grow(from, SO_SNDBUF, all);
	if (!m->unsent || !k->peer || cr_tcp_sent_fin(k->peer->m->state) ||
	    (size_t)cr_socket_get(from, SOL_SOCKET, SO_SNDBUF) / 2 < m->unsent)
		cr_tcp_room(k->fd, all);
	else
		cr_tcp_room(k->fd, cr_inet_option(m, SOL_SOCKET, SO_RCVBUF, 1 << 17) / 2);
}

/* What k had not read comes from its peer again. */
static int tcp_restore_fill(struct cr_tcp_work *w, struct cr_inet_new *k, int from,
			    struct cr_err *err)
{
	const cairn_InetSocket *m = k->m;
	cr_auto_free void *data = NULL;
	size_t len = m->has_content ? m->content.size : 0, at = m->urgent ? m->urgent_at : len;
	bool inlined = cr_inet_option(m, SOL_SOCKET, SO_OOBINLINE, 0);
	char byte = m->urgent_byte;
	int ret = 0;

	if (m->has_content)
		ret = cr_image_read_blob(w->r->img, &m->content, &data, err);
	if (ret || (!len && !m->urgent))
		return ret;
	if (at > len)
		at = len;
	tcp_restore_make_room(k, from, len);
	ret = tcp_restore_send_all(from, k->fd, data, at, 0);
	/* In line it is one of the bytes, if it had come. */
	if (!ret && m->urgent && inlined && at < len)
		ret = tcp_restore_send_all(from, k->fd, (char *)data + at++, 1, MSG_OOB);
	else if (!ret && m->urgent && !inlined)
		ret = tcp_restore_send_all(from, k->fd, &byte, 1, MSG_OOB);
	if (!ret)
		ret = tcp_restore_send_all(from, k->fd, (char *)data + at, len - at, 0);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret,
			       "cannot put %zu bytes into a TCP connection again (raise "
			       "net.core.wmem_max and net.core.rmem_max)",
			       len);
	if (!m->unsent && !wait_queued(k->fd, len + (m->urgent && !inlined)))
		return cr_tcp_made_failed(k, ETIMEDOUT, err);
	if (m->urgent && m->urgent_read && !inlined)
		recv(k->fd, &byte, 1, MSG_OOB | MSG_DONTWAIT);
	return 0;
}

/* ---- ends ---- */

/* Its peer was one of ours only to be closed. */
static void end_helper(struct cr_inet_new *k, int helper)
{
	const cairn_InetSocket *m = k->m;
	struct linger reset = { 1, 0 };

	if (m->error == EPIPE) {
		shutdown(helper, SHUT_WR);
		await_event(k->fd, POLLRDHUP);
		close(helper);
		send(k->fd, "", 1, MSG_NOSIGNAL);
		await_event(k->fd, POLLHUP);
		return;
	}
	if (m->error == ECONNRESET ||
	    (k->kind == cairn_InetPeer_INET_PEER_OUTSIDE && m->state != CR_TCP_CLOSE_WAIT &&
	     m->state != CR_TCP_LAST_ACK)) {
		setsockopt(helper, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(helper);
		await_event(k->fd, POLLHUP);
		return;
	}
	/* The helper's port is the one that lingers. */
	shutdown(helper, SHUT_WR);
	await_event(k->fd, POLLRDHUP);
	if (m->state != CR_TCP_CLOSE_WAIT)
		shutdown(k->fd, SHUT_WR);
	close(helper);
}

static int connect_pair(struct cr_tcp_work *w, struct cr_inet_new *a, struct cr_err *err)
{
	struct cr_inet_new *b = a->peer, *first;
	int fd = tcp_restore_join(w, a->fd, &a->local, &a->shares_port, &b->local), ret;

	if (fd < 0)
		return cr_tcp_made_failed(a, -fd, err);
	b->fd = fd;
	if (a->shares_port)
		cr_tcp_shared_port(a->fd, a->m);
	cr_inet_options_restore(b->fd, b->m, CR_INET_BEFORE);
	ret = tcp_restore_fill(w, a, b->fd, err);
	if (!ret)
		ret = tcp_restore_fill(w, b, a->fd, err);
	if (ret)
		return ret;
	first = cr_tcp_sent_fin(a->m->state) && a->m->state != CR_TCP_LAST_ACK ? a : b;
	if (cr_tcp_sent_fin(first->m->state))
		shutdown(first->fd, SHUT_WR);
	if (cr_tcp_sent_fin(first->peer->m->state))
		shutdown(first->peer->fd, SHUT_WR);
	if (a->m->state == CR_TCP_CLOSE && b->m->state == CR_TCP_CLOSE)
		await_event(a->fd, POLLHUP);
	if (a->m->shut_read)
		shutdown(a->fd, SHUT_RD);
	if (b->m->shut_read)
		shutdown(b->fd, SHUT_RD);
	return 0;
}

static int connect_helper(struct cr_tcp_work *w, struct cr_inet_new *k, struct cr_err *err)
{
	bool shares = false;
	int helper = tcp_restore_make_helper(w, k, &shares, err), fd, ret;

	if (helper < 0)
		return helper;
	fd = tcp_restore_join(w, helper, &k->remote, &shares, &k->local);
	if (fd < 0) {
		close(helper);
		return cr_tcp_made_failed(k, -fd, err);
	}
	k->fd = fd;
	cr_inet_options_restore(k->fd, k->m, CR_INET_BEFORE);
	ret = tcp_restore_fill(w, k, helper, err);
	if (ret)
		close(helper);
	else
		end_helper(k, helper);
	return ret;
}

/* A connect() that was refused, to a port that is taken but where nobody listens. */
static int tcp_restore_be_refused(struct cr_inet_new *k, struct cr_err *err)
{
	cr_auto_fd closed = cr_tcp_new_socket(NULL, k->m->family, err);
	union cr_inet_name name = { .any.sa_family = k->m->family };
	socklen_t len = sizeof(name);

	if (closed < 0)
		return closed;
	cr_inet_loopback(&name);
	if (bind(closed, &name.any, cr_inet_len(&name)) || getsockname(closed, &name.any, &len))
		return cr_tcp_made_failed(k, errno, err);
	connect(k->fd, &name.any, len);
	await_event(k->fd, POLLHUP);
	if (!(k->m->events & POLLERR))
		cr_socket_get(k->fd, SOL_SOCKET, SO_ERROR);
	return 0;
}

/* ---- listeners and who comes to them ---- */

static bool tcp_restore_waits(const struct cr_inet_new *k)
{
	return is_tcp(k) && k->kind == cairn_InetPeer_INET_PEER_WAITING;
}

/* With room for all that wait, more than the backlog may have had: set_backlogs(). */
static int begin_listening(struct cr_tcp_work *w, struct cr_inet_new *k, struct cr_err *err)
{
	char text[CR_INET_TEXT];
	uint32_t waiting = 0;
	size_t i;

	for (i = 0; i < w->n; i++)
		waiting += tcp_restore_waits(&w->all[i]) &&
			   cr_inet_overlap(&w->all[i].remote, &k->local);
	if (listen(k->fd, k->m->backlog > waiting ? k->m->backlog : waiting))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot listen on %s again (ss -tlnp shows who has it)",
			       cr_inet_text(&k->local, text));
	return 0;
}

/* Who is in keeps its place. */
static void set_backlogs(struct cr_tcp_work *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (listens(&w->all[i]))
			listen(w->all[i].fd, w->all[i].m->backlog);
}

static int listen_all(struct cr_tcp_work *w, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < w->n && !ret; i++)
		if (listens(&w->all[i]))
			ret = begin_listening(w, &w->all[i], err);
	/* Which may take from them what they needed to share a port. */
	for (i = 0; i < w->n && !ret; i++)
		if (listens(&w->all[i]))
			ret = cr_inet_options_finish(w->r, w->all[i].fd, w->all[i].m, err);
	return ret;
}

static int by_rank(const void *a, const void *b)
{
	const struct cr_inet_new *const *x = a, *const *y = b;

	return (*x)->m->peer < (*y)->m->peer ? -1 : (*x)->m->peer > (*y)->m->peer;
}

/* Those that wait to be accepted, in the order in which they came. */
static int each_waiting(struct cr_tcp_work *w,
			int (*fn)(struct cr_tcp_work *w, struct cr_inet_new *k, struct cr_err *err),
			struct cr_err *err)
{
	struct cr_inet_new **order = calloc(w->n + 1, sizeof(*order));
	size_t i, m = 0;
	int ret = 0;

	if (!order)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making sockets");
	for (i = 0; i < w->n; i++)
		if (tcp_restore_waits(&w->all[i]))
			order[m++] = &w->all[i];
	qsort(order, m, sizeof(*order), by_rank);
	for (i = 0; i < m && !ret; i++)
		ret = fn(w, order[i], err);
	free(order);
	return ret;
}

static int come_waiting(struct cr_tcp_work *w, struct cr_inet_new *k, struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	int ret = cr_tcp_connect(k->fd, &k->local, &k->remote, &k->shares_port);

	if (ret)
		return cr_tcp_made_failed(k, -ret, err);
	if (k->shares_port)
		cr_tcp_shared_port(k->fd, k->m);
	if (!await_event(k->fd, POLLOUT))
		return cr_tcp_made_failed(k, ETIMEDOUT, err);
	if (k->m->has_content)
		ret = cr_image_read_blob(w->r->img, &k->m->content, &data, err);
	if (!ret && k->m->has_content)
		ret = tcp_restore_send_all(k->fd, k->fd, data, k->m->content.size, 0);
	if (ret)
		return cr_tcp_made_failed(k, -ret, err);
	if (cr_tcp_sent_fin(k->m->state))
		shutdown(k->fd, SHUT_WR);
	if (k->m->shut_read)
		shutdown(k->fd, SHUT_RD);
	/* Its client had gone. */
	if (k->m->state == CR_TCP_TIME_WAIT)
		cr_close_fd(&k->fd);
	return 0;
}

static void come_connecting(struct cr_tcp_work *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct cr_inet_new *k = &w->all[i];

		if (!is_tcp(k) || k->m->state != CR_TCP_SYN_SENT || !k->m->remote.size)
			continue;
		connect(k->fd, &k->remote.any, cr_inet_len(&k->remote));
		if (k->shares_port)
			cr_tcp_shared_port(k->fd, k->m);
	}
}

static int make_connections(struct cr_tcp_work *w, struct cr_err *err)
{
	size_t i;
	int ret = open_gates(w, err);

	if (!ret && w->places && cr_has_members(w->places->gather))
		ret = cr_tcp_rendezvous(w, err);
	for (i = 0; i < w->n && !ret; i++) {
		struct cr_inet_new *k = &w->all[i];

		if (!is_tcp(k))
			continue;
		if (k->peer && !is_accepted(w, k))
			ret = connect_pair(w, k, err);
		else if (needs_helper(w, k))
			ret = connect_helper(w, k, err);
		else if (k->m->error == ECONNREFUSED)
			ret = tcp_restore_be_refused(k, err);
	}
	close_gates(w);
	return ret;
}

/* That an end was heard of may be said some 40 ms later, by TCP's rules. */
static void await_answers(struct cr_tcp_work *w)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + 200000000;
	struct timespec nap = { 0, 1000000 };
	struct tcp_info info;
	socklen_t len;
	size_t i;

	for (i = 0; i < w->n; i++) {
		const struct cr_inet_new *k = &w->all[i];

		if (!is_tcp(k) || k->m->state != CR_TCP_FIN_WAIT2)
			continue;
		do {
			len = sizeof(info);
			if (getsockopt(k->fd, IPPROTO_TCP, TCP_INFO, &info, &len) ||
			    info.tcpi_state != CR_TCP_FIN_WAIT1)
				break;
			nanosleep(&nap, NULL);
		} while (cr_now_ns(CLOCK_MONOTONIC) < end);
	}
}

static int tcp_restore_make_all(struct cr_tcp_work *w, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	cr_tcp_end_lingering(w->all, w->n);
	/* A listener is where its port leads to; what it has accepted has to follow. */
	for (i = 0; i < w->n && !ret && w->places; i++)
		if (listens(&w->all[i]))
			ret = take_address(w, &w->all[i], err);
	for (i = 0; i < w->n && !ret; i++)
		if (is_tcp(&w->all[i]) && !tcp_restore_waits(&w->all[i]) && w->all[i].fd < 0)
			ret = take_address(w, &w->all[i], err);
	if (!ret)
		ret = each_waiting(w, take_address, err);
	if (!ret)
		ret = make_connections(w, err);
	if (!ret)
		ret = listen_all(w, err);
	/* From here on all members have their listeners. */
	if (!ret && w->places)
		ret = cr_address_map_settle(w->places, w->all, w->n, err);
	if (!ret)
		ret = each_waiting(w, come_waiting, err);
	if (!ret) {
		set_backlogs(w);
		come_connecting(w);
	}
	await_answers(w);
	for (i = 0; i < w->n && !ret; i++)
		if (is_tcp(&w->all[i]) && w->all[i].m->state != CR_TCP_LISTEN && w->all[i].fd >= 0)
			ret = cr_inet_options_finish(w->r, w->all[i].fd, w->all[i].m, err);
	return ret;
}

int cr_tcp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n,
		   struct cr_address_map *places, struct cr_err *err)
{
	struct cr_tcp_work w = { .r = r, .all = all, .n = n, .places = places };
	int ret = tcp_restore_make_all(&w, err);

	close_gates(&w);
	free(w.gates.v);
	return ret;
}
