// SPDX-License-Identifier: Apache-2.0
//
// TCP connections that nobody has accepted yet. Their end in the listener has no descriptor, so
// what the client has sent is out of reach. Where nothing has been sent, the client tells all.
// Else they are accepted here, on our duplicate of the listener, read, and given back: each client
// of the job is disconnected and connected again, from the same address and in the same order, and
// sends the same again. It knows nothing of it, as it stands still.
// Clients outside are never touched: where one waits among those, the checkpoint is refused.
// Runs in the shepherd. Nothing is accepted before it is known that all can be given back.
#include "objects/inet/tcp_backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_home.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/tcp_diag.h"
#include "objects/inet/tcp_queue.h"
#include "objects/inet/tcp_time_wait.h"

/* A connection in a backlog. */
struct pending {
	struct cr_tcp_seen seen; /* the listener's end */
	struct cr_inet *client; /* NULL: it has been closed, or is outside */
	bool outside;
};

struct backlog {
	struct cr_inet **all;
	size_t n;
	struct cr_inet *listener;
	CR_LIST(struct pending) list;
};

static struct cr_inet *client_of(struct cr_inet **all, size_t n, const union cr_inet_name *from,
				 const union cr_inet_name *to)
{
	struct cr_inet_key a = cr_inet_key(from), b = cr_inet_key(to);
	size_t i;

	for (i = 0; i < n; i++) {
		struct cr_inet_key c = cr_inet_key(&all[i]->local);
		struct cr_inet_key d = cr_inet_key(&all[i]->remote);

		if (all[i]->m.protocol == IPPROTO_TCP && all[i]->m.remote.size &&
		    all[i]->m.state != CR_TCP_SYN_SENT && !memcmp(&a, &c, sizeof(a)) &&
		    !memcmp(&b, &d, sizeof(b)))
			return all[i];
	}
	return NULL;
}

static bool tcp_backlog_note(const struct cr_tcp_seen *seen, void *arg)
{
	struct backlog *b = arg;
	struct cr_tcp_seen other;
	struct pending *p;

	/* Without an inode it is nobody's yet. */
	if (seen->inode)
		return true;
	p = cr_list_add(&b->list);
	if (!p)
		return false;
	p->seen = *seen;
	p->client = client_of(b->all, b->n, &seen->remote, &seen->local);
	if (p->client)
		return true;
	p->outside = seen->state != CR_TCP_CLOSE_WAIT || !cr_inet_is_here(&seen->remote) ||
		     (cr_tcp_look(&seen->remote, &seen->local, &other) && other.inode);
	return true;
}

/* ---- where nothing was sent ---- */

static bool tcp_backlog_waits(const struct cr_inet *k)
{
	return k->m.protocol == IPPROTO_TCP && k->m.peer_kind == cairn_InetPeer_INET_PEER_WAITING;
}

struct waiting {
	struct cr_inet *k;
	int64_t heard; /* in ms, on the clock: when something last came for it */
};

/*
 * The kernel tells how long ago it was, and each is asked at another time. What comes between the
 * clock and the question, on a busy machine, would count too: then both are asked again.
 */
static int64_t when_heard(const struct cr_inet *k)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int64_t before, after;
	int tries = 0;

	do {
		before = cr_now_ns(CLOCK_MONOTONIC);
		getsockopt(k->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
		after = cr_now_ns(CLOCK_MONOTONIC);
	} while (after - before > 1000000 && ++tries < 50);
	return after / 1000000 - info.tcpi_last_data_recv;
}

/*
 * They stand in the order of their making, unless the clock says otherwise: nothing has come for
 * them since they were connected.
 */
static int rank_by_time(struct cr_inet **all, size_t n, struct cr_err *err)
{
	struct waiting *order = calloc(n + 1, sizeof(*order));
	size_t i, k, m = 0;

	if (!order)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	for (i = 0; i < n; i++) {
		struct waiting own = { .k = all[i] };

		if (!tcp_backlog_waits(all[i]) || all[i]->m.peer)
			continue;
		own.heard = when_heard(all[i]);
		for (k = m++; k > 0; k--) {
			const struct waiting *last = &order[k - 1];

			if (last->heard + 8 < own.heard ||
			    (last->heard <= own.heard + 8 && last->k->inode < all[i]->inode))
				break;
			order[k] = *last;
		}
		order[k] = own;
	}
	/* Behind those whose order is known. */
	for (i = 0; i < m; i++)
		order[i].k->m.peer = n + 1 + i;
	free(order);
	return 0;
}

/* ---- where something was sent ---- */

static void come_again(int fd, const struct cr_inet *k)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct cr_err unused = { 0 };
	bool shares = false;

	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	connect(fd, &none, sizeof(none));
	cr_socket_get(fd, SOL_SOCKET, SO_ERROR);
	/* Where the application had bound it, it still is. */
	cr_tcp_bind_connecting(fd, &k->local, &k->remote, &shares, &unused);
	/* On a busy machine the reset of the connection before may still be under way. */
	cr_tcp_connect(fd, &k->local, &k->remote, &shares);
	if (shares)
		cr_tcp_shared_port(fd, &k->m);
	poll(&p, 1, 5000);
	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR,
		      cr_inet_option(&k->m, SOL_SOCKET, SO_REUSEADDR, 0));
}

static void tcp_backlog_send_again(int fd, const char *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	while (len) {
		ssize_t n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN && poll(&p, 1, 5000) == 1)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= n;
	}
}

/* Back into the backlog: by the client's own socket, or by one of ours if it had been closed. */
static int tcp_backlog_give_back(struct cr_inet *k, int accepted, const char *data, size_t len)
{
	struct cr_tcp_seen seen;
	int fd = k->fd, flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (k->m.state != CR_TCP_TIME_WAIT) {
		come_again(fd, k);
		close(accepted);
	} else {
		/* What is unread makes it a reset, and the address is free. */
		close(accepted);
		come_again(fd, k);
	}
	tcp_backlog_send_again(fd, data, len);
	if (k->m.state != CR_TCP_ESTABLISHED)
		shutdown(fd, SHUT_WR);
	if (k->m.events & POLLRDHUP)
		shutdown(fd, SHUT_RD);
	fcntl(fd, F_SETFL, flags);
	return cr_tcp_look(&k->local, &k->remote, &seen) ? 0 : -ECONNRESET;
}

/* A client that is closed gets a record of its own, which nobody holds. */
static struct cr_inet *closed_client(struct cr_save *s, const struct cr_inet *listener,
				     const union cr_inet_name *from, const union cr_inet_name *to)
{
	struct cr_inet *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->m.id = ++s->next_id;
	k->m.family = from->any.sa_family;
	k->m.type = SOCK_STREAM;
	k->m.protocol = IPPROTO_TCP;
	k->m.state = CR_TCP_TIME_WAIT;
	k->m.peer_kind = cairn_InetPeer_INET_PEER_WAITING;
	k->local = *from;
	k->remote = *to;
	k->m.local.size = k->m.remote.size = cr_inet_len(from);
	memcpy(k->m.local.bytes, from, k->m.local.size);
	memcpy(k->m.remote.bytes, to, k->m.remote.size);
	k->pid = listener->pid;
	k->number = listener->number;
	k->fd = socket(k->m.family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	return k;
}

/* Reads what a client has sent, notes it with the client, and lets it come again. */
static int tcp_backlog_take_one(struct cr_save *s, struct backlog *b, int fd, uint32_t rank,
				struct cr_err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI | POLLRDHUP };
	struct cr_inet end = { .fd = fd, .pid = b->listener->pid, .number = b->listener->number };
	struct cr_inet *client, *own = NULL;
	cr_auto_free char *data = NULL;
	size_t len = 0;
	socklen_t size = sizeof(end.local);
	int ret;

	getsockname(fd, &end.local.any, &size);
	size = sizeof(end.remote);
	getpeername(fd, &end.remote.any, &size);
	client = client_of(b->all, b->n, &end.remote, &end.local);
	if (!client)
		client = own = closed_client(s, b->listener, &end.remote, &end.local);
	if (!client) {
		close(fd);
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	}
	cr_tcp_read_info(&end);
	ret = own ? 0 : cr_tcp_move(client, &end, err);
	poll(&p, 1, 0);
	end.m.events = p.revents;
	if (!ret)
		ret = cr_tcp_read_queue(&end, &data, &len);
	if (ret == -EOPNOTSUPP)
		cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			"process %d: what is behind an urgent byte on a connection that was not "
			"accepted (fd %d) is seen by nobody before Linux 6.9",
			client->pid, client->number);
	if (tcp_backlog_give_back(client, fd, data, len))
		cr_fail(err, CR_EXIT_INTERNAL, ECONNRESET,
			"process %d: a connection that was not accepted (fd %d) was lost",
			client->pid, client->number);
	client->m.peer = rank;
	if (!ret && len && s->writer) {
		client->m.has_content = true;
		ret = cr_image_blob(s->writer, data, len, &client->m.content, err);
	}
	if (own) {
		cr_inet_seen(s, SOCK_STREAM, own->m.local.bytes, own->m.local.size);
		cr_inet_seen(s, SOCK_STREAM, own->m.remote.bytes, own->m.remote.size);
	}
	if (own && !ret && s->writer)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INET, &own->m, err);
	if (own)
		cr_close_fd(&own->fd);
	else
		cr_tcp_read_info(client);
	free(own);
	return ret;
}

static int tcp_backlog_refuse(const struct backlog *b, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d listens on TCP (fd %d), where connections with data wait to be "
		       "accepted beside some from outside of the job, so that nobody can look at "
		       "them: try again when they are accepted; the job goes on",
		       b->listener->pid, b->listener->number);
}

static int tcp_backlog_save_one(struct cr_save *s, struct backlog *b, struct cr_err *err)
{
	struct cr_inet *l = b->listener;
	bool sent = false, outside = false;
	uint32_t rank = 1, total;
	size_t i;
	int ret = 0, flags, tries;

	/* One that the backlog had no room for may come in just now. */
	for (tries = 0; tries < 5; tries++) {
		b->list.n = 0;
		cr_tcp_each(l->m.family, 1 << CR_TCP_ESTABLISHED | 1 << CR_TCP_CLOSE_WAIT,
			    cr_inet_port(&l->local), tcp_backlog_note, b);
		cr_tcp_read_info(l);
		if (l->info.tcpi_unacked <= b->list.n)
			break;
	}
	for (i = 0; i < b->list.n; i++) {
		const struct cr_inet *c = b->list.v[i].client;

		outside = outside || b->list.v[i].outside;
		sent = sent || (c ? c->info.tcpi_bytes_sent || c->info.tcpi_notsent_bytes :
				    !b->list.v[i].outside);
	}
	if (!sent || !s->writer)
		return 0;
	total = l->info.tcpi_unacked;
	if (outside || total > b->list.n)
		return tcp_backlog_refuse(b, err);
	flags = fcntl(l->fd, F_GETFL);
	fcntl(l->fd, F_SETFL, flags | O_NONBLOCK);
	/* Room for all of them beside whoever comes in between. */
	listen(l->fd, l->info.tcpi_sacked + total + 16);
	for (i = 0; i < total && !ret; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			ret = tcp_backlog_take_one(s, b, fd, rank++, err);
	}
	listen(l->fd, l->info.tcpi_sacked);
	fcntl(l->fd, F_SETFL, flags);
	return ret;
}

int cr_tcp_save_backlogs(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err)
{
	struct backlog b = { .all = all, .n = n };
	size_t i;
	int ret = 0;

	for (i = 0; i < n; i++)
		if (tcp_backlog_waits(all[i]) && all[i]->unanswered &&
		    (all[i]->info.tcpi_bytes_sent || all[i]->info.tcpi_notsent_bytes))
			return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				       "process %d has sent data on a TCP connection (fd %d) for "
				       "which the listener's backlog has no room: try again when "
				       "it has; the job goes on",
				       all[i]->pid, all[i]->number);
	for (i = 0; i < n && !ret; i++) {
		if (all[i]->m.protocol != IPPROTO_TCP || all[i]->m.state != CR_TCP_LISTEN ||
		    !all[i]->info.tcpi_unacked)
			continue;
		b.listener = all[i];
		ret = tcp_backlog_save_one(s, &b, err);
	}
	free(b.list.v);
	return ret ? ret : rank_by_time(all, n, err);
}
