// SPDX-License-Identifier: Apache-2.0
//
// TCP connections of a stopped job: who is whose peer, and what has been sent but not read, which
// tcp_queue.c reads. The bytes and their order are what they were, and so is all that anybody can
// see but the queues' lengths.
// Runs in the shepherd. Connections to the outside are looked at, never touched.
#include "objects/inet/tcp_save.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/gather.h"
#include "common/image_write.h"
#include "objects/core/save.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/tcp_backlog.h"
#include "objects/inet/tcp_diag.h"
#include "objects/inet/tcp_members.h"
#include "objects/inet/tcp_queue.h"

/* ---- who is whose peer ---- */

struct ends {
	struct cr_inet_key local, remote;
};

struct entry {
	struct ends ends;
	struct cr_inet *k;
};

static bool is_connected(const struct cr_inet *k)
{
	return k->m.protocol == IPPROTO_TCP && k->m.remote.size && k->m.state != CR_TCP_SYN_SENT;
}

static int tcp_save_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ends));
}

/* Closed by both sides, in order, with a descriptor left. */
static bool tcp_save_is_over(const struct cr_inet *k)
{
	return k->m.protocol == IPPROTO_TCP && k->m.state == CR_TCP_CLOSE && k->was.any.sa_family &&
	       !k->m.error && !k->peer;
}

static void tcp_save_pair(struct cr_inet *a, struct cr_inet *b)
{
	a->peer = b;
	a->m.peer_kind = cairn_InetPeer_INET_PEER_JOB;
	a->m.peer = b->m.id;
}

/* getpeername() does not tell any more, SO_PEERNAME does. */
static void note_name(struct cr_inet *k)
{
	/* It wants to be asked for no more than there is. */
	socklen_t len = cr_inet_len(&k->local);

	if (k->m.protocol != IPPROTO_TCP || k->m.state != CR_TCP_CLOSE ||
	    !(k->m.events & POLLRDHUP) || k->m.error == ECONNREFUSED ||
	    getsockopt(k->fd, SOL_SOCKET, SO_PEERNAME, &k->was, &len))
		return;
	k->remote = k->was;
	k->m.remote.size = len;
	memcpy(k->m.remote.bytes, &k->was, len);
}

/* Of connections that are over there may be several of the same names. */
static void find_over(struct cr_inet **all, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		note_name(all[i]);
	for (i = 0; i < n; i++) {
		struct cr_inet_key local = cr_inet_key(&all[i]->local);
		struct cr_inet_key remote = cr_inet_key(&all[i]->remote);

		for (j = i + 1; j < n && tcp_save_is_over(all[i]); j++) {
			struct cr_inet_key a = cr_inet_key(&all[j]->local);
			struct cr_inet_key b = cr_inet_key(&all[j]->remote);

			if (!tcp_save_is_over(all[j]) || memcmp(&local, &b, sizeof(b)) ||
			    memcmp(&remote, &a, sizeof(a)))
				continue;
			tcp_save_pair(all[i], all[j]);
			tcp_save_pair(all[j], all[i]);
		}
	}
}

static int tcp_save_find_peers(struct cr_inet **all, size_t n, struct cr_err *err)
{
	struct entry *e = calloc(n + 1, sizeof(*e)), *found;
	size_t i, connected = 0;

	if (!e)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	for (i = 0; i < n; i++) {
		if (!is_connected(all[i]))
			continue;
		e[connected].ends.local = cr_inet_key(&all[i]->local);
		e[connected].ends.remote = cr_inet_key(&all[i]->remote);
		e[connected++].k = all[i];
	}
	qsort(e, connected, sizeof(*e), tcp_save_compare);
	for (i = 0; i < connected; i++) {
		struct ends other = { e[i].ends.remote, e[i].ends.local };

		found = bsearch(&other, e, connected, sizeof(*e), tcp_save_compare);
		if (!found || found == &e[i])
			continue;
		tcp_save_pair(e[i].k, found->k);
	}
	free(e);
	return 0;
}

static bool same_host(const struct cr_inet *k)
{
	struct cr_inet_key a = cr_inet_key(&k->local), b = cr_inet_key(&k->remote);

	return !memcmp(a.address, b.address, sizeof(a.address)) || cr_inet_is_here(&k->remote);
}

static bool is_closing(int state)
{
	return state && state != CR_TCP_ESTABLISHED && state != CR_TCP_CLOSE_WAIT &&
	       state != CR_TCP_SYN_RECV;
}

static cairn_InetPeer kind_here(struct cr_inet **all, size_t n, struct cr_inet *k)
{
	struct cr_tcp_seen seen;
	bool there = cr_tcp_look(&k->remote, &k->local, &seen);

	if (there && seen.inode)
		return cairn_InetPeer_INET_PEER_OUTSIDE;
	if (cr_tcp_has_fin(k->m.state) || (there && is_closing(seen.state)))
		return cairn_InetPeer_INET_PEER_CLOSED;
	if ((!there && !cr_tcp_is_forgotten(k)) || !cr_tcp_has_listener(all, n, &k->remote))
		return cairn_InetPeer_INET_PEER_OUTSIDE;
	k->unanswered = !there || seen.state == CR_TCP_SYN_RECV;
	return cairn_InetPeer_INET_PEER_WAITING;
}

/* The other end is in nobody's hands that we know. */
static void classify(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_inet *k)
{
	char text[CR_INET_TEXT];

	k->m.peer_kind =
		same_host(k) ? kind_here(all, n, k) : cairn_InetPeer_INET_PEER_OUTSIDE;
	if (k->m.peer_kind == cairn_InetPeer_INET_PEER_OUTSIDE)
		cr_remark(s,
			  "process %d, fd %d: the TCP connection with %s leads out of the job: "
			  "after a restart it is reset (--tcp=repair keeps it)",
			  k->pid, k->number, cr_inet_text(&k->remote, text));
}

/* Where a connection goes to that is not there yet, getpeername() does not say. */
static bool note_target(const struct cr_tcp_seen *seen, void *arg)
{
	struct cr_inet *k = arg;

	if (seen->inode != k->inode)
		return true;
	k->remote = seen->remote;
	k->m.remote.size = cr_inet_len(&k->remote);
	memcpy(k->m.remote.bytes, &k->remote, k->m.remote.size);
	return false;
}

/* An error that is waiting cannot be looked at without taking it; what led to it can. */
static int pending_error(const struct cr_inet *k)
{
	int queued = 0;
	uint32_t memory[9] = { 0 };
	socklen_t size = sizeof(memory);

	if (!(k->m.events & POLLRDHUP) || k->m.state != CR_TCP_CLOSE)
		return 0;
	/* Told or not, a connection that never was is left in a state of its own. */
	if (!k->info.tcpi_options && !k->info.tcpi_rtt)
		return ECONNREFUSED;
	if (!(k->m.events & POLLERR))
		return 0;
	ioctl(k->fd, SIOCINQ, &queued);
	getsockopt(k->fd, SOL_SOCKET, SO_MEMINFO, memory, &size);
	/* Nothing to read, yet something in the queue: a FIN, before the RST. */
	return !queued && memory[0] ? EPIPE : ECONNRESET;
}

static int save_state(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	k->m.error = pending_error(k);
	switch (k->m.state) {
	case CR_TCP_LISTEN:
		k->m.backlog = k->info.tcpi_sacked;
		return 0;
	case CR_TCP_SYN_SENT:
		return 0;
	case CR_TCP_ESTABLISHED:
	case CR_TCP_FIN_WAIT1:
	case CR_TCP_FIN_WAIT2:
		k->m.shut_read = k->m.events & POLLRDHUP;
	}
	/* What it has sent is noted with it; nothing can have come. */
	if (k->m.peer_kind == cairn_InetPeer_INET_PEER_WAITING)
		return 0;
	if (k->m.events & (POLLIN | POLLPRI) || k->m.unsent ||
	    cr_inet_option(&k->m, SOL_SOCKET, SO_RCVLOWAT, 1) > 1)
		return cr_tcp_save_queue(s, k, err);
	return 0;
}

/* What has come from another host since the job stands still. */
static void look_again(struct cr_inet *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

	poll(&p, 1, 0);
	k->m.events = p.revents;
}

int cr_tcp_save(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err)
{
	size_t i;
	int ret = tcp_save_find_peers(all, n, err);

	for (i = 0; i < n; i++)
		if (all[i]->m.protocol == IPPROTO_TCP && all[i]->m.state == CR_TCP_SYN_SENT)
			cr_tcp_each(all[i]->m.family, 1 << CR_TCP_SYN_SENT, 0, note_target, all[i]);
	/* All of them come to this, also those that have nothing to tell. */
	if (!ret && cr_has_members(s->gather))
		ret = cr_tcp_save_members(s, all, n, err);
	for (i = 0; i < n && !ret; i++) {
		if (!is_connected(all[i]))
			continue;
		if (all[i]->m.peer_kind == cairn_InetPeer_INET_PEER_NONE)
			classify(s, all, n, all[i]);
		if (all[i]->peer || all[i]->elsewhere.is ||
		    all[i]->m.peer_kind == cairn_InetPeer_INET_PEER_CLOSED)
			ret = cr_tcp_move(all[i]->peer, all[i], err);
		if (all[i]->elsewhere.is)
			look_again(all[i]);
	}
	if (!ret)
		ret = cr_tcp_save_backlogs(s, all, n, err);
	for (i = 0; i < n && !ret; i++)
		if (all[i]->m.protocol == IPPROTO_TCP)
			ret = save_state(s, all[i], err);
	if (!ret)
		find_over(all, n);
	return ret;
}
