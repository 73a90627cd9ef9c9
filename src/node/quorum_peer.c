// SPDX-License-Identifier: Apache-2.0
//
// What lets the members here live while the coordinator's host is silent: other nodes, the
// quorum peers, that vouch for us (coordinator/leases.h has the rules, doc/FAILURE.md why they
// hold). And the other side: we vouch for others, unless the coordinator has told us not to.
// Questions and answers are Vouch messages over links of their own, which are made before they are
// needed: when a coordinator falls silent there is no time for all nodes to make theirs at once.
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "coordinator/leases.h"
#include "net/listener.h"
#include "node/beat.h"
#include "node/drill.h"
#include "node/message.h"
#include "node/node_images.h"
#include "node/node_lease.h"
#include "node/node_run.h"
#include "node/quorum_peer.h"
#include "node/reconcile_member.h"

#define IDLE_NS 10000000000ll /* between two attempts */
#define RETRY_NS 500000000ll /* while it is needed */

struct peer {
	struct cr_node *node;
	char name[CR_NODE_NAME];
	struct sockaddr_storage at;
	socklen_t len;
	struct cr_link *link;
	bool up;
	int64_t retry_ns;
};

struct cr_node_quorum {
	struct cr_quorum known;
	struct cr_voucher voucher;
	struct peer peers[CR_QUORUM_MAX];
	struct cr_listener *listener;
	int64_t asked_ns;
};

/* ---- we vouch ---- */

static void quorum_peer_on_question(struct cr_link *l, const void *msg, const void *payload,
				    size_t len, void *arg)
{
	const cairn_ClusterMsg *m = msg;
	const cairn_Vouch *q = &m->body.vouch;
	struct cr_node *n = arg;
	cairn_ClusterMsg *out;
	bool yes;

	cr_node_turn(n);
	if (m->which_body != cairn_ClusterMsg_vouch_tag || cr_drill_cuts(n)) {
		cr_link_close(l);
		return;
	}
	yes = cr_voucher_ask(&n->quorum->voucher, q->node, q->ms * 1000000ll, cr_node_now());
	out = cr_node_message(n, cairn_ClusterMsg_vouch_tag);
	snprintf(out->body.vouch.node, sizeof(out->body.vouch.node), "%s", n->name);
	out->body.vouch.sent_ns = q->sent_ns;
	out->body.vouch.generation = q->generation;
	out->body.vouch.ms = yes ? q->ms : 0;
	cr_link_send(l, out, NULL, 0);
}

static const struct cr_link_handler asker = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.message = quorum_peer_on_question,
};

static void quorum_peer_on_asker(struct cr_link *l, void *arg)
{
	cr_link_handle(l, &asker, arg);
}

/* ---- others vouch for us ---- */

static void vouched(struct cr_node *n, const char *name, int64_t sent_ns)
{
	int64_t from = cr_quorum_vouched(&n->quorum->known, name, sent_ns);

	/* What is over the coordinator may have given to others. */
	if (from != INT64_MIN && cr_lease_look(n))
		cr_lease_renew(n, from, n->lease.ms);
}

static void quorum_peer_on_answer(struct cr_link *l, const void *msg, const void *payload,
				  size_t len, void *arg)
{
	const cairn_ClusterMsg *m = msg;
	const cairn_Vouch *v = &m->body.vouch;
	struct peer *p = arg;
	struct cr_node *n = p->node;

	cr_node_turn(n);
	if (m->which_body == cairn_ClusterMsg_vouch_tag && v->ms &&
	    v->generation == n->quorum->known.generation && !strcmp(v->node, p->name) &&
	    (int64_t)v->sent_ns <= cr_node_now())
		vouched(n, p->name, v->sent_ns);
}

/* Two heartbeats without an answer, or a lease that others keep alive. */
static bool needed(const struct cr_node *n)
{
	int64_t beat = n->lease.heartbeat_ms * 1000000ll, now = cr_node_now();
	int64_t age = now - (n->lease.until_ns - n->lease.ms * 1000000ll);
	int64_t acked = cr_beats_acked(n);

	if (acked < n->up.acked_ns)
		acked = n->up.acked_ns;

	return !n->lease.over && n->quorum->known.n &&
	       (age > 2 * beat || now - acked > n->lease.ms * 1000000ll);
}

static void quorum_peer_ask(struct peer *p)
{
	struct cr_node *n = p->node;
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_vouch_tag);
	cairn_Vouch *v = &m->body.vouch;

	snprintf(v->node, sizeof(v->node), "%s", n->name);
	v->generation = n->quorum->known.generation;
	v->sent_ns = cr_node_now();
	v->ms = n->lease.ms;
	cr_link_send(p->link, m, NULL, 0);
}

static void quorum_peer_on_up(struct cr_link *l, void *arg)
{
	struct peer *p = arg;

	cr_node_turn(p->node);
	p->up = true;
	if (needed(p->node))
		quorum_peer_ask(p);
}

static void quorum_peer_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct peer *p = arg;

	p->link = NULL;
	p->up = false;
	p->retry_ns = cr_node_now() + IDLE_NS;
	cr_node_turn(p->node);
}

static const struct cr_link_handler answering = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.up = quorum_peer_on_up,
	.message = quorum_peer_on_answer,
	.down = quorum_peer_on_down,
};

static void close_peer(struct peer *p)
{
	if (p->link)
		cr_link_close(p->link);
	p->link = NULL;
	p->up = false;
}

static void quorum_peer_ask_all(struct cr_node *n, int64_t now)
{
	struct cr_node_quorum *w = n->quorum;
	unsigned int i;

	if (now - w->asked_ns > IDLE_NS)
		cr_say("the coordinator does not answer: %u quorum peers are asked", w->known.n);
	w->asked_ns = now;
	for (i = 0; i < w->known.n; i++) {
		struct peer *p = &w->peers[i];

		if (p->up)
			quorum_peer_ask(p);
		else if (!strcmp(p->name, n->name) &&
			 cr_voucher_ask(&w->voucher, n->name, n->lease.ms * 1000000ll, now))
			vouched(n, n->name, now);
	}
}

void cr_quorum_peer_tick(struct cr_node *n, int64_t now)
{
	struct cr_node_quorum *w = n->quorum;
	bool need = needed(n) && !cr_drill_cuts(n);
	unsigned int i;

	if (need && now - w->asked_ns >= n->lease.heartbeat_ms * 1000000ll)
		quorum_peer_ask_all(n, now);
	for (i = 0; i < w->known.n; i++) {
		struct peer *p = &w->peers[i];
		int64_t at = need ? p->retry_ns - IDLE_NS + RETRY_NS : p->retry_ns;

		if (p->link || !p->len || now < at || !strcmp(p->name, n->name))
			continue;
		p->retry_ns = now + IDLE_NS;
		p->link = cr_link_connect(n->base, (struct sockaddr *)&p->at, p->len, n->trust,
					  &answering, p);
	}
}

/* ---- what the coordinator says ---- */

static void set_peer(struct cr_node *n, struct peer *p, const cairn_QuorumPeer *from)
{
	struct peer new = { .node = n };
	struct cr_err none = { 0 };
	char text[CR_ADDRESS_TEXT + 8];

	snprintf(new.name, sizeof(new.name), "%s", from->node);
	snprintf(text, sizeof(text), strchr(from->address, ':') ? "[%s]:%u" : "%s:%u",
		 from->address, (unsigned int)from->port);
	if (cr_address_parse(text, &new.at, &new.len, &none))
		new.len = 0;
	if (p->node && !strcmp(p->name, new.name) && p->len == new.len &&
	    !memcmp(&p->at, &new.at, new.len))
		return;
	close_peer(p);
	*p = new;
}

void cr_quorum_peer_set(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
			size_t len)
{
	const cairn_Quorum *from = &m->body.quorum;
	struct cr_node_quorum *w = n->quorum;
	const char *names[CR_QUORUM_MAX] = { 0 };
	cairn_ClusterMsg *out;
	int64_t lasts;
	unsigned int i;

	for (i = 0; i < from->nodes_count && i < CR_QUORUM_MAX; i++)
		names[i] = from->nodes[i].node;
	if (from->generation != w->known.generation)
		cr_quorum_set(&w->known, from->generation, names, i);
	/* The same ones may be at other addresses. */
	while (i-- > 0)
		set_peer(n, &w->peers[i], &from->nodes[i]);
	lasts = cr_voucher_bar(&w->voucher, payload, len, n->lease.ms * 1000000ll, cr_node_now());
	if (lasts < 0)
		return;
	out = cr_node_message(n, cairn_ClusterMsg_promise_tag);
	out->body.promise.round = from->round;
	out->body.promise.ms = (lasts + 999999) / 1000000;
	cr_uplink_send(n, out, NULL, 0);
}

void cr_quorum_peer_forget(struct cr_node *n)
{
	cr_quorum_set(&n->quorum->known, 0, NULL, 0);
}

unsigned int cr_quorum_peer_generation(const struct cr_node *n)
{
	return n->quorum->known.generation;
}

/* ---- the beginning and the end ---- */

int cr_quorum_peer_init(struct cr_node *n, struct cr_err *err)
{
	struct cr_node_quorum *w = cr_xcalloc(1, sizeof(*w));
	struct sockaddr_storage at;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
	struct cr_err none = { 0 };
	in_port_t *port, chosen;
	socklen_t len;
	int ret = cr_images_address(n, &at, &len, err);

	if (ret)
		return ret;
	n->quorum = w;
	cr_voucher_init(&w->voucher, cr_node_now());
	port = at.ss_family == AF_INET ? &v4->sin_port : &v6->sin6_port;
	/* The one behind that for images, if that was chosen; else as last time: others know. */
	chosen = *port;
	*port = htons(chosen ? ntohs(chosen) + 1 : n->vouch_port);
	w->listener = cr_link_listen(n->base, (struct sockaddr *)&at, len, n->trust,
				     quorum_peer_on_asker, n, chosen ? err : &none);
	if (!w->listener && !chosen) {
		*port = 0;
		w->listener = cr_link_listen(n->base, (struct sockaddr *)&at, len, n->trust,
					     quorum_peer_on_asker, n, err);
	}
	if (!w->listener)
		return -EIO;
	n->vouch_port = cr_listener_port(w->listener);
	n->known_changed = true;
	return 0;
}

void cr_quorum_peer_free(struct cr_node *n)
{
	struct cr_node_quorum *w = n->quorum;
	unsigned int i;

	if (!w)
		return;
	for (i = 0; i < CR_QUORUM_MAX; i++)
		close_peer(&w->peers[i]);
	if (w->listener)
		cr_listener_free(w->listener);
	cr_voucher_free(&w->voucher);
	free(w);
	n->quorum = NULL;
}
