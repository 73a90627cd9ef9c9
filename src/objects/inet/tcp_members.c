// SPDX-License-Identifier: Apache-2.0
//
// TCP connections of a stopped job that lead to other members of it, on other nodes or on this one.
// Each member tells all others of the ends whose peer it does not have itself ("sockets"), so that
// each finds its peers among those of the others, and how much they have sent: that has to come in
// before it can be looked at. Of what nobody has claimed the node to which it leads tells what it
// is there ("ends"): in a backlog, closed but still on its way, or another program's.
// All members take part in both gathers, also those without a socket.
// Runs in the shepherd. What comes from others is checked for its size, not believed to fit.
#include "objects/inet/tcp_members.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/gather.h"
#include "objects/core/object.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_home.h"
#include "objects/inet/tcp_diag.h"
#include "objects/inet/tcp_queue.h"

#define VERSION 1u

/* An end of a connection whose other end is not in its own member. */
struct told {
	uint64_t sent;
	struct cr_place local, remote; /* as the kernel has them */
	struct cr_place seen; /* local, as the application sees it */
	uint32_t id, unsent;
	uint8_t fin, listens, reserved[6];
};

struct head {
	uint32_t version, n;
	struct cr_host_id host;
};

/* What an end that nobody claims is at its other side. */
enum verdict {
	AWAY, /* there is nothing */
	UNKNOWN, /* there is nothing, but a listener of the member */
	DEPARTED, /* closed, and perhaps still on its way */
	BACKLOG, /* not accepted yet by a listener of the member */
	STRANGE, /* another program's */
};

struct tcp_members_answer {
	uint32_t member, id, verdict;
};

/* An end of anybody, while peers are sought. */
struct end {
	struct cr_place local, remote;
	struct told told;
	unsigned int member;
	struct cr_host_id host;
	bool claimed;
};

struct work {
	struct cr_save *s;
	struct cr_inet **all;
	size_t n;
	struct cr_host_id host;
	CR_LIST(struct told) mine;
	CR_LIST(struct end) ends;
	CR_LIST(struct tcp_members_answer) answers;
};

static bool leads_away(const struct cr_inet *k)
{
	return k->m.protocol == IPPROTO_TCP && k->m.remote.size && k->m.state != CR_TCP_SYN_SENT &&
	       !k->peer;
}

static int tcp_members_tell(struct work *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct cr_inet *k = w->all[i];
		union cr_inet_name seen = k->local;
		struct told *t;

		if (!leads_away(k))
			continue;
		t = cr_list_add(&w->mine);
		if (!t)
			return -ENOMEM;
		cr_tcp_read_info(k);
		cr_inet_seen(w->s, SOCK_STREAM, &seen, sizeof(seen));
		t->local = cr_place_of(&k->local, 0);
		t->remote = cr_place_of(&k->remote, 0);
		t->seen = cr_place_of(&seen, 0);
		t->id = k->m.id;
		t->unsent = k->info.tcpi_notsent_bytes;
		t->sent = k->info.tcpi_bytes_sent - k->info.tcpi_bytes_retrans + t->unsent;
		t->fin = cr_tcp_sent_fin(k->m.state);
		t->listens = cr_tcp_has_listener(w->all, w->n, &k->local);
	}
	return 0;
}

/* ---- who is whose peer ---- */

static int tcp_members_compare(const void *a, const void *b)
{
	return memcmp(a, b, 2 * sizeof(struct cr_place));
}

static int read_told(struct work *w, const struct cr_gathered *g, struct cr_err *err)
{
	size_t i, k;

	for (i = 0; i < g->n; i++) {
		const unsigned char *at = g->v[i].data;
		struct head h = { 0 };

		if (g->v[i].len >= sizeof(h))
			memcpy(&h, at, sizeof(h));
		if (h.version != VERSION || h.n != (g->v[i].len - sizeof(h)) / sizeof(struct told))
			return cr_address_map_foreign(g->v[i].member, err);
		at += sizeof(h);
		for (k = 0; k < h.n; k++, at += sizeof(struct told)) {
			struct end *e = cr_list_add(&w->ends);

			if (!e)
				return -ENOMEM;
			memcpy(&e->told, at, sizeof(e->told));
			e->local = e->told.local;
			e->remote = e->told.remote;
			e->member = g->v[i].member;
			e->host = h.host;
		}
	}
	if (w->ends.n)
		qsort(w->ends.v, w->ends.n, sizeof(*w->ends.v), tcp_members_compare);
	return 0;
}

static bool one_host(const struct end *a, const struct end *b)
{
	return !memcmp(&a->host, &b->host, sizeof(a->host));
}

/* The other end, in another member; a host's own addresses mean something on it alone. */
static struct end *peer_of(struct work *w, const struct end *e)
{
	struct end key = { .local = e->remote, .remote = e->local }, *v = w->ends.v;
	size_t at = CR_FIRST_NOT(i, 0, w->ends.n, tcp_members_compare(&v[i], &key) < 0);
	bool here = cr_place_is_loopback(&e->local) ||
		    !memcmp(e->local.address, e->remote.address, sizeof(e->local.address));

	for (; at < w->ends.n && !tcp_members_compare(&v[at], &key); at++)
		if (v[at].member != e->member && (!here || one_host(e, &v[at])))
			return &v[at];
	return NULL;
}

static struct cr_inet *own(const struct work *w, uint32_t id)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->all[i]->m.id == id && leads_away(w->all[i]))
			return w->all[i];
	return NULL;
}

static void take_peer(struct work *w, struct cr_inet *k, const struct end *mine,
		      const struct end *peer)
{
	const struct told *t = &peer->told;

	k->m.peer_kind = cairn_InetPeer_INET_PEER_MEMBER;
	k->m.peer = t->id;
	k->m.member = peer->member + 1;
	k->m.accepted =
		mine->told.listens != t->listens ? mine->told.listens : mine->member > peer->member;
	k->elsewhere.is = true;
	k->elsewhere.fin = t->fin;
	k->elsewhere.sent = t->sent;
	k->elsewhere.unsent = t->unsent;
	k->elsewhere.seen = t->seen;
	k->elsewhere.gather = w->s->gather;
}

static void tcp_members_find_peers(struct work *w)
{
	size_t i;

	for (i = 0; i < w->ends.n; i++) {
		struct end *e = &w->ends.v[i], *peer = peer_of(w, e);
		struct cr_inet *k;

		e->claimed = peer;
		if (!peer || e->member != w->s->gather->member)
			continue;
		k = own(w, e->told.id);
		if (!k)
			continue;
		take_peer(w, k, e, peer);
		/* The receiver waits for what is left. */
		if (k->info.tcpi_notsent_bytes)
			cr_tcp_push(k);
	}
}

/* ---- what nobody claims ---- */

static enum verdict tcp_members_judge(const struct work *w, const struct end *e)
{
	union cr_inet_name here = { 0 }, there = { 0 };
	struct cr_tcp_seen seen;

	cr_place_name(&e->remote, &here);
	cr_place_name(&e->local, &there);
	if (!cr_tcp_look(&here, &there, &seen))
		return cr_tcp_has_listener(w->all, w->n, &here) ? UNKNOWN : AWAY;
	if (seen.inode)
		return STRANGE;
	if ((seen.state == CR_TCP_ESTABLISHED || seen.state == CR_TCP_CLOSE_WAIT ||
	     seen.state == CR_TCP_SYN_RECV) &&
	    cr_tcp_has_listener(w->all, w->n, &here))
		return BACKLOG;
	return cr_tcp_sent_fin(seen.state) ? DEPARTED : STRANGE;
}

/* About those of others that lead to this host. */
static int tcp_members_answer(struct work *w)
{
	struct cr_own_addresses a = { 0 };
	int ret = cr_own_addresses_read(&a);
	size_t i;

	for (i = 0; i < w->ends.n && !ret; i++) {
		struct end *e = &w->ends.v[i];
		struct tcp_members_answer *to;

		if (e->claimed || e->member == w->s->gather->member ||
		    !cr_own_addresses_have(&a, &e->remote) ||
		    (cr_place_is_loopback(&e->remote) &&
		     memcmp(&e->host, &w->host, sizeof(w->host))))
			continue;
		to = cr_list_add(&w->answers);
		if (!to)
			ret = -ENOMEM;
		else
			*to = (struct tcp_members_answer){ e->member, e->told.id,
							   tcp_members_judge(w, e) };
	}
	free(a.v);
	return ret;
}

static int refuse_backlog(const struct cr_inet *k, unsigned int member, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has sent data on a TCP connection (fd %d) that member %u of the "
		       "job has not accepted yet: try again when it has; the job goes on",
		       k->pid, k->number, member);
}

/* If it has said goodbye nothing is missing. */
static int take_away(struct cr_inet *k)
{
	if (cr_tcp_has_fin(k->m.state))
		k->m.peer_kind = cairn_InetPeer_INET_PEER_CLOSED;
	return 0;
}

static int tcp_members_take_answer(struct work *w, unsigned int from,
				   const struct tcp_members_answer *a, struct cr_err *err)
{
	struct cr_inet *k = a->member == w->s->gather->member ? own(w, a->id) : NULL;

	if (!k || k->elsewhere.is || k->m.peer_kind == cairn_InetPeer_INET_PEER_WAITING)
		return 0;
	switch ((enum verdict)a->verdict) {
	case UNKNOWN:
		if (!cr_tcp_is_forgotten(k))
			return take_away(k);
		/* fall through */
	case BACKLOG:
		k->m.peer_kind = cairn_InetPeer_INET_PEER_WAITING;
		k->m.member = from + 1;
		if (k->info.tcpi_bytes_sent || k->info.tcpi_notsent_bytes)
			return refuse_backlog(k, from, err);
		return 0;
	case DEPARTED:
		k->m.peer_kind = cairn_InetPeer_INET_PEER_CLOSED;
		return 0;
	case AWAY:
		return take_away(k);
	case STRANGE:
		break;
	}
	return 0;
}

static int take_answers(struct work *w, const struct cr_gathered *g, struct cr_err *err)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; i < g->n; i++) {
		struct tcp_members_answer a;

		if (g->v[i].member == w->s->gather->member)
			continue;
		for (k = 0; k < g->v[i].len / sizeof(a) && !ret; k++) {
			memcpy(&a, g->v[i].data + k * sizeof(a), sizeof(a));
			ret = tcp_members_take_answer(w, g->v[i].member, &a, err);
		}
	}
	return ret;
}

static int gather_told(struct work *w, struct cr_gathered *g, struct cr_err *err)
{
	struct head h = { VERSION, w->mine.n, w->host };
	size_t len = sizeof(h) + w->mine.n * sizeof(*w->mine.v);
	cr_auto_free char *text = malloc(len);

	if (!text)
		return -ENOMEM;
	memcpy(text, &h, sizeof(h));
	if (w->mine.n)
		memcpy(text + sizeof(h), w->mine.v, w->mine.n * sizeof(*w->mine.v));
	return w->s->gather->all(w->s->gather, cairn_Step_STEP_SOCKETS, text, len, g, err);
}

int cr_tcp_save_members(struct cr_save *s, struct cr_inet **all, size_t n, struct cr_err *err)
{
	struct work w = { .s = s, .all = all, .n = n };
	struct cr_gathered told = { 0 }, answers = { 0 };
	int ret;

	cr_host_id_read(&w.host);
	ret = tcp_members_tell(&w);
	if (!ret)
		ret = gather_told(&w, &told, err);
	if (!ret)
		ret = read_told(&w, &told, err);
	if (!ret) {
		tcp_members_find_peers(&w);
		ret = tcp_members_answer(&w);
	}
	if (!ret)
		ret = s->gather->all(s->gather, cairn_Step_STEP_ENDS, w.answers.v,
				     w.answers.n * sizeof(*w.answers.v), &answers, err);
	if (!ret)
		ret = take_answers(&w, &answers, err);
	if (!ret)
		ret = cr_homes_save(s);
	free(w.mine.v);
	free(w.ends.v);
	free(w.answers.v);
	cr_gathered_free(&told);
	cr_gathered_free(&answers);
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "describing sockets") : 0;
}
