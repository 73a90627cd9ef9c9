// SPDX-License-Identifier: Apache-2.0
//
// Nodes: who they are, whether they live. A heartbeat touches no database. A node is lost when the
// lease that our newest ack gave it is over, with a margin: then it has ended its members itself.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/beats.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/fence.h"
#include "coordinator/hurry.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/nodes.h"
#include "coordinator/outlook.h"
#include "coordinator/replies.h"
#include "coordinator/session.h"
#include "coordinator/quorum.h"
#include "coordinator/telemetry.h"
#include "net/link.h"

#define BACK_MAX_MS 600000
#define BACKLOG_MAX (256 << 20)

static int64_t nodes_now_ns(void)
{
	return cr_now_ns(CLOCK_BOOTTIME);
}

bool co_settled(const struct co *c)
{
	return nodes_now_ns() - c->fence.start >= CR_LEASE_MARGIN(c->fence.lease);
}

/* Until now nodes whose connection was refused may have renewed their leases by themselves. */
void co_fence_begin(struct co *c)
{
	size_t i;

	cr_fence_free(&c->fence);
	cr_fence_init(&c->fence, c->longest_ms * 1000000, nodes_now_ns());
	for (i = 0; i < c->nodes.n; i++) {
		struct co_node *n = c->nodes.v[i];

		cr_fence_add(&c->fence, i);
		if (n->back_ms)
			cr_fence_extend(&c->fence, i, n->back_ms * 1000000, nodes_now_ns());
		cr_detector_begin(&n->detector, c->heartbeat_ms * 1000000, nodes_now_ns());
	}
	co_quorum_remember(c);
}

struct co_store *co_store(struct co *c, uint64_t id)
{
	struct co_store **slot;
	size_t i;

	for (i = 0; i < c->stores.n; i++)
		if (c->stores.v[i]->id == id)
			return c->stores.v[i];
	slot = cr_xlist_add(&c->stores);
	*slot = cr_xcalloc(1, sizeof(**slot));
	(*slot)->id = id;
	return *slot;
}

struct co_node *co_node_find(struct co *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nodes.n; i++)
		if (!strcmp(c->nodes.v[i]->hello.name, name))
			return c->nodes.v[i];
	return NULL;
}

struct co_node *co_node_meant(struct co *c, const char *text)
{
	struct co_node *n = co_node_find(c, text);
	size_t i, k;

	for (i = 0; i < c->nodes.n && !n; i++)
		for (k = 0; k < c->nodes.v[i]->hello.addresses_count && !n; k++)
			if (!strcmp(c->nodes.v[i]->hello.addresses[k], text))
				n = c->nodes.v[i];
	return n;
}

struct co_node *co_node_add(struct co *c, const char *name)
{
	struct co_node **slot = cr_xlist_add(&c->nodes), *n = cr_xcalloc(1, sizeof(*n));

	*slot = n;
	n->c = c;
	n->index = c->nodes.n - 1;
	cr_fence_add(&c->fence, n->index);
	snprintf(n->hello.name, sizeof(n->hello.name), "%s", name);
	return n;
}

void co_node_save(struct co_node *n)
{
	co_db_write(n->c->db, CO_SQL_NODE, "ttiiti", n->hello.name, n->hello.boot_id,
		    (int64_t)n->hello.store_id, (int64_t)n->draining,
		    n->hello.addresses_count ? n->hello.addresses[0] : "", n->back_ms);
}

bool co_node_takes(const struct co_node *n)
{
	return n->up && n->session && n->told && !n->draining && !n->leaving;
}

void co_nodes_changed(struct co *c)
{
	size_t i;

	for (i = 0; i < c->jobs.n; i++)
		if (!co_job_over(c->jobs.v[i]))
			co_job_dirty(c->jobs.v[i]);
}

static void nodes_refuse(struct co_session *s, int status, const char *text)
{
	cairn_ClusterMsg *m = co_message(s->c, cairn_ClusterMsg_refusal_tag);

	/* Whoever is refused tries again and again. */
	if (strcmp(s->c->refused, text))
		cr_say("refused %s: %s", cr_link_peer(s->link), text);
	snprintf(s->c->refused, sizeof(s->c->refused), "%s", text);
	m->body.refusal.status = status;
	snprintf(m->body.refusal.error, sizeof(m->body.refusal.error), "%s", text);
	co_send(s, m, NULL, 0);
	co_session_close(s);
}

/* Its members of before are dead or told to end by what comes next; those that live are told. */
static void came(struct co_node *n)
{
	struct co *c = n->c;
	size_t i, k;

	if (!n->up) {
		n->up = true;
		c->up++;
		n->store->up++;
	}
	for (i = 0; i < c->jobs.n; i++)
		for (k = 0; k < c->jobs.v[i]->n; k++)
			if (c->jobs.v[i]->v[k].node == n)
				c->jobs.v[i]->v[k].here = c->jobs.v[i]->v[k].start_sent =
					c->jobs.v[i]->v[k].ordered = false;
	n->store->generation++;
}

/* Without an id of its own it is nobody else's. */
static uint64_t own_id(const char *name)
{
	uint64_t id = 14695981039346656037ull;

	for (; *name; name++)
		id = (id ^ (unsigned char)*name) * 1099511628211ull;
	return id;
}

static void set_store(struct co_node *n, uint64_t id)
{
	id = id ? id : own_id(n->hello.name);
	if (n->store && n->store->id == id)
		return;
	if (n->store && n->up)
		n->store->up--;
	n->store = co_store(n->c, id);
	if (n->up)
		n->store->up++;
}

static bool welcome(struct co_session *s, const cairn_Hello *h)
{
	struct co_node *n = co_node_find(s->c, h->name);
	cairn_ClusterMsg *m;
	char text[300];
	bool known = n;

	/* Its host was booted again: so what it had before is dead for certain. */
	if (n && n->up && *n->hello.boot_id && strcmp(n->hello.boot_id, h->boot_id) &&
	    n->hello.store_id == h->store_id &&
	    (!n->session || co_now() - n->beat_ms > s->c->lease_ms / 2))
		co_node_dead(n, "its host was booted again");
	if (n && n->known && n->up && *n->hello.boot_id &&
	    (strcmp(n->hello.boot_id, h->boot_id) || n->hello.store_id != h->store_id)) {
		snprintf(text, sizeof(text),
			 "the name %s is another node's, which lives (give this one another with "
			 "--name)",
			 h->name);
		nodes_refuse(s, CR_EXIT_EXISTS, text);
		return false;
	}
	if (!n)
		n = co_node_add(s->c, h->name);
	if (n->session)
		co_session_close(n->session);
	n->known = true;
	set_store(n, h->store_id);
	if (!known || n->back_ms || strcmp(n->hello.boot_id, h->boot_id) ||
	    n->hello.store_id != h->store_id) {
		n->hello = *h;
		n->back_ms = 0;
		co_node_save(n);
	}
	n->hello = *h;
	s->node = n;
	n->session = s;
	n->told = n->leaving = n->vouches = false;
	if (n->driller.session)
		co_reply_error(s->c, &n->driller, CR_EXIT_CLUSTER,
			       "the link to %s broke before the drill had begun", h->name);
	n->driller.session = 0;
	n->full_ms = n->deadline_ms = 0;
	n->beat_ms = co_now();
	cr_fence_welcome(&s->c->fence, n->index, nodes_now_ns());
	cr_detector_begin(&n->detector, s->c->heartbeat_ms * 1000000, nodes_now_ns());
	if (!n->up)
		co_event(s->c, known ? "node-back" : "node-new", NULL, n, -1, "%s, Cairn %s",
			 h->addresses_count ? h->addresses[0] : cr_link_peer(s->link), h->cairn);
	came(n);
	m = co_message(s->c, cairn_ClusterMsg_welcome_tag);
	m->body.welcome.session = s->id;
	m->body.welcome.lease_ms = s->c->lease_ms;
	m->body.welcome.heartbeat_ms = s->c->heartbeat_ms;
	m->body.welcome.version = CR_CLUSTER_VERSION;
	m->body.welcome.beats = true;
	snprintf(m->body.welcome.cluster, sizeof(m->body.welcome.cluster), "%s",
		 s->c->options.name);
	co_send(s, m, NULL, 0);
	/* Its port may be another, and the database has none. */
	s->c->quorum_moved |= co_quorum_peer(n);
	co_quorum_tell(n);
	return true;
}

void co_node_hello(struct co_session *s, const cairn_Hello *h)
{
	char text[320];

	if (h->version != CR_CLUSTER_VERSION) {
		snprintf(text, sizeof(text),
			 "node %s (Cairn %s) speaks version %u of the cluster's protocol, this "
			 "coordinator version %u: install the same Cairn on both",
			 h->name, h->cairn, (unsigned int)h->version, CR_CLUSTER_VERSION);
		nodes_refuse(s, CR_EXIT_CLUSTER, text);
		return;
	}
	if (!*h->name) {
		nodes_refuse(s, CR_EXIT_USAGE, "a node without a name");
		return;
	}
	welcome(s, h);
}

void co_node_beat(struct co_node *n, const cairn_Heartbeat *b)
{
	int64_t lease_ms = n->back_ms > n->c->lease_ms ? n->back_ms : n->c->lease_ms;
	cairn_ClusterMsg *m;

	/* What it had is others' now: it must come anew. */
	if (!cr_fence_ack(&n->c->fence, n->index, lease_ms * 1000000, nodes_now_ns())) {
		co_session_close(n->session);
		return;
	}
	n->heard_ns = nodes_now_ns();
	cr_detector_heard(&n->detector, n->heard_ns);
	n->beat_ms = co_now();
	cr_fence_unbar(&n->c->fence, n->index);
	if (b->quorum)
		cr_fence_knows(&n->c->fence, n->index, b->quorum, nodes_now_ns());
	n->load_percent = b->load_percent;
	n->hello.store_free = b->store_free;
	if (b->has_sample)
		co_telemetry_add(n, &b->sample, cr_now_ns(CLOCK_REALTIME) / 1000000, co_now());
	m = co_message(n->c, cairn_ClusterMsg_ack_tag);
	m->body.ack.sent_ns = b->sent_ns;
	m->body.ack.lease_ms = lease_ms;
	co_send_node(n, m, NULL, 0);
}

void co_node_leaving(struct co_node *n, const cairn_Leaving *l)
{
	if (l->back_ms) {
		n->back_ms = l->back_ms < BACK_MAX_MS ? l->back_ms : BACK_MAX_MS;
		co_node_save(n);
		cr_fence_extend(&n->c->fence, n->index, n->back_ms * 1000000, nodes_now_ns());
		co_event(n->c, "node-leaving", NULL, n, -1, "back within %u ms",
			 (unsigned int)n->back_ms);
	}
	if (l->drain)
		co_hurry_begin(n, l);
	if (l->drain && !n->leaving) {
		n->leaving = true;
		co_event(n->c, "node-drain", NULL, n, -1, "it asked for its members to be moved");
		co_nodes_changed(n->c);
	}
}

/* It has told everything: who of ours was not told of is not there. */
void co_node_told(struct co_node *n)
{
	struct co *c = n->c;
	size_t i, k;

	n->told = true;
	co_images_swept(n);
	for (i = 0; i < c->jobs.n; i++)
		for (k = 0; k < c->jobs.v[i]->n; k++) {
			struct co_member *m = &c->jobs.v[i]->v[k];

			if (m->node == n && co_lives(m) && !m->here && !m->start_sent)
				co_member_vanished(m, "its node has it no more");
		}
	co_nodes_changed(c);
}

void co_node_lost(struct co_node *n, const char *why)
{
	struct co *c = n->c;
	size_t i, k;

	if (n->session)
		co_session_close(n->session);
	n->up = n->told = false;
	if (n->driller.session)
		co_reply_error(c, &n->driller, CR_EXIT_CLUSTER,
			       "%s was lost before the drill had begun", n->hello.name);
	n->driller.session = 0;
	c->up--;
	n->store->up--;
	co_event(c, "node-lost", NULL, n, -1, "%s", why);
	c->nodes_lost++;
	for (i = 0; i < c->jobs.n; i++) {
		struct co_job *j = c->jobs.v[i];

		if (co_job_over(j))
			continue;
		for (k = 0; k < j->n; k++)
			if (j->v[k].node == n && co_lives(&j->v[k]))
				co_member_vanished(&j->v[k], "its node was lost");
		/* With a node less, what copies there are may be enough. */
		co_job_copies_due(j);
	}
}

/* An operator, or the fence command, has switched it off. */
void co_node_dead(struct co_node *n, const char *why)
{
	if (n->session)
		co_beats_end(n->session);
	cr_fence_dead(&n->c->fence, n->index, nodes_now_ns());
	if (n->up)
		co_node_lost(n, why);
}

/*
 * After we have been busy or asleep, what nodes have sent meanwhile may lie unread: who is silent
 * shows when that has been read.
 */
static bool may_judge(struct co *c, int64_t now)
{
	int64_t late = 2 * c->heartbeat_ms > 4 * CO_TICK_MS ? 2 * c->heartbeat_ms : 4 * CO_TICK_MS;

	if (c->ticked_ms && now - c->ticked_ms > late)
		c->judge_ms = now + c->heartbeat_ms;
	c->ticked_ms = now;
	return now >= c->judge_ms;
}

/* Whoever has asked for it waits until no member is left. */
static void drained(struct co_node *n)
{
	cairn_Reply *r;

	co_event(n->c, "node-drained", NULL, n, -1, "no member is left on it");
	r = co_reply_begin(n->c);
	r->last = true;
	r->which_row = cairn_Reply_node_tag;
	co_node_row(n, &r->row.node);
	co_reply(n->c, &n->asker, r);
	n->asker.session = 0;
}

void co_nodes_tick(struct co *c)
{
	int64_t now = co_now();
	bool judge = may_judge(c, now);
	size_t i;

	for (i = 0; i < c->nodes.n; i++) {
		struct co_node *n = c->nodes.v[i];

		if (n->asker.session && !n->live)
			drained(n);
		/* It does not read: coming anew, it is told what counts then. */
		if (n->session && cr_link_backlog(n->session->link) > BACKLOG_MAX)
			co_session_close(n->session);
		co_beats_fold(n);
		if (!judge)
			continue;
		if (n->up && now - n->beat_ms >= c->lease_ms * 3 / 4)
			cr_fence_bar(&c->fence, i);
		if (n->up && now - n->beat_ms >= c->lease_ms) {
			if (!n->silent)
				co_event(c, "node-silent", NULL, n, -1, "for %lld ms",
					 (long long)(now - n->beat_ms));
			if (!n->silent)
				co_fence_command(n);
			n->silent = true;
			if (co_beats_take(n, nodes_now_ns()))
				co_node_lost(n, "silent for longer than its lease");
		} else {
			n->silent = false;
		}
	}
	co_quorum_tick(c, now);
}

const char *co_node_state(const struct co_node *n)
{
	if (!n->up)
		return "lost";
	if (n->draining || n->leaving)
		return n->live ? "draining" : "drained";
	if (n->back_ms)
		return "leaving";
	return n->session && cr_detector_phi(&n->detector, nodes_now_ns()) < CR_DETECTOR_SUSPECT ?
		       "up" :
		       "suspect";
}

void co_node_row(const struct co_node *n, cairn_NodeRow *row)
{
	const cairn_NodeSample *newest = n->up ? co_telemetry_newest(n) : NULL;

	snprintf(row->name, sizeof(row->name), "%s", n->hello.name);
	snprintf(row->state, sizeof(row->state), "%s", co_node_state(n));
	if (n->hello.addresses_count)
		snprintf(row->address, sizeof(row->address), "%s", n->hello.addresses[0]);
	row->members = n->live;
	row->store_bytes = n->hello.store_bytes;
	row->store_free = n->hello.store_free;
	row->labels_count = n->hello.labels_count;
	memcpy(row->labels, n->hello.labels, sizeof(row->labels));
	row->phi = cr_detector_phi(&n->detector, nodes_now_ns());
	row->load_percent = n->load_percent;
	row->privileged = n->hello.privileged;
	row->drills = n->hello.drills;
	row->criu = n->hello.criu;
	snprintf(row->cairn, sizeof(row->cairn), "%s", n->hello.cairn);
	row->witness = co_quorum_peer(n);
	row->last_ms = n->beat_ms ? co_now() - n->beat_ms : 0;
	row->has_sample = newest;
	if (newest)
		row->sample = *newest;
	co_outlook_node_row(n, row);
}
