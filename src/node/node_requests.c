// SPDX-License-Identifier: Apache-2.0
//
// What users ask: passed to the coordinator with the kernel's word of who they are, and the answer
// back. While the coordinator is away a request waits for a while. One that was on its way when the
// link broke is sent again if doing it twice does no harm; else its asker is told.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "node/message.h"
#include "node/node.h"
#include "node/node_images.h"
#include "node/node_members.h"
#include "node/node_requests.h"
#include "node/node_run.h"
#include "node/outbox.h"

#define PATIENCE_NS 10000000000ll

static void node_requests_refuse(struct cr_node_client *c, uint64_t id, int status,
				 const char *text)
{
	cairn_ClusterMsg *m = cr_node_message(c->node, cairn_ClusterMsg_reply_tag);

	m->body.reply.id = id;
	m->body.reply.last = true;
	m->body.reply.status = status;
	snprintf(m->body.reply.error, sizeof(m->body.reply.error), "%s", text);
	cr_local_send(c, m, NULL, 0);
}

static void node_requests_drop(struct cr_node_request **p)
{
	struct cr_node_request *r = *p;

	*p = r->next;
	if (r->client)
		r->client->asked--;
	free(r->parcel.payload);
	free(r);
}

static void node_requests_send_one(struct cr_node *n, struct cr_node_request *r)
{
	r->sent = cr_uplink_send(n, &r->parcel.msg, r->parcel.payload, r->parcel.len);
}

static bool harmless(const struct cr_node_request *r)
{
	switch (r->parcel.msg.body.request.ask) {
	case cairn_Ask_ASK_EVENTS:
		return true;
	case cairn_Ask_ASK_LIST:
	case cairn_Ask_ASK_STATUS:
	case cairn_Ask_ASK_NODES:
		return !r->answered;
	default:
		return false;
	}
}

/* Root's are not counted: he must be able to look, whatever others do. */
static bool node_requests_may_ask(struct cr_node_client *c, const cairn_Request *q, size_t len)
{
	const struct cr_node *n = c->node;
	const struct cr_node_request *r;
	unsigned int count = 0;
	size_t bytes = len;
	char text[256];

	for (r = n->requests; r && c->uid; r = r->next) {
		if (r->uid != c->uid)
			continue;
		count++;
		bytes += r->parcel.len;
	}
	if (c->uid && count >= n->options.user_requests) {
		snprintf(text, sizeof(text),
			 "user %u waits for %u answers at this node, as many as one may: end some "
			 "of them (or give crnode more: --user-requests)",
			 c->uid, count);
	} else if (c->uid && bytes > n->options.user_bytes) {
		snprintf(text, sizeof(text),
			 "requests of user %u at this node have %zu bytes, more than one may: wait "
			 "for answers (or give crnode more: --user-bytes)",
			 c->uid, bytes);
	} else {
		return true;
	}
	node_requests_refuse(c, q->id, CR_EXIT_CLUSTER, text);
	return false;
}

void cr_request(struct cr_node_client *c, const cairn_Request *q, const void *payload, size_t len)
{
	struct cr_node *n = c->node;
	struct cr_node_request *r;

	if (!n->privileged && c->uid != geteuid()) {
		node_requests_refuse(
			c, q->id, CR_EXIT_PERMISSION,
			"the node's daemon is another user's and serves only that one");
		return;
	}
	if (!node_requests_may_ask(c, q, len))
		return;
	r = cr_xcalloc(1, sizeof(*r));
	r->parcel.payload = cr_xmemdup(payload, len);
	if (!n->next_request && getrandom(&n->next_request, sizeof(n->next_request), 0) < 0)
		n->next_request = cr_node_now();
	n->next_request++;
	r->client = c;
	r->uid = c->uid;
	r->theirs = q->id;
	r->parcel.len = len;
	r->parcel.msg.which_body = cairn_ClusterMsg_request_tag;
	r->parcel.msg.body.request = *q;
	r->parcel.msg.body.request.id = n->next_request;
	r->parcel.msg.body.request.uid = c->uid;
	r->parcel.msg.body.request.gid = c->gid;
	r->parcel.msg.body.request.gone = false;
	r->since_ns = cr_node_now();
	r->next = n->requests;
	n->requests = r;
	c->asked++;
	node_requests_send_one(n, r);
}

/* A new member, or a new job's first: from now on its asker is its shepherd. */
static void joined(struct cr_node *n, struct cr_node_request *r, cairn_ClusterMsg *m)
{
	cairn_Joined *j = &m->body.reply.row.joined;
	struct cr_node_client *c = r->client;
	struct cr_node_member *member;
	struct cr_err err = { 0 };
	char folder[CR_PATH_MAX];

	if (!c || c->member || cr_member_of(n, &j->id)) {
		cr_fail(&err, CR_EXIT_CLUSTER, 0, "whoever asked to join has gone");
		cr_outbox_put_failed(n, &j->id, &err);
		return;
	}
	member = cr_node_member(n, &j->id);
	member->uid = c->uid;
	member->gid = c->gid;
	member->members = j->members;
	snprintf(member->name, sizeof(member->name), "%s", j->name);
	if (cr_images_folder(member, folder, &err)) {
		cr_node_member_free(member);
		cr_outbox_put_failed(n, &j->id, &err);
		node_requests_refuse(c, r->theirs, err.status, err.text);
		return;
	}
	cr_member_shepherd(member, c);
}

void cr_request_reply(struct cr_node *n, const cairn_ClusterMsg *msg, const void *payload,
		      size_t len)
{
	const cairn_Reply *reply = &msg->body.reply;
	struct cr_node_request **p = &n->requests, *r;
	cairn_ClusterMsg *m;

	while (*p && (*p)->parcel.msg.body.request.id != reply->id)
		p = &(*p)->next;
	r = *p;
	if (!r) {
		/* Nobody waits for it any more; a member without a shepherd is none. */
		if (reply->which_row == cairn_Reply_joined_tag) {
			struct cr_err err = { 0 };

			cr_fail(&err, CR_EXIT_CLUSTER, 0, "whoever asked to join has gone");
			cr_outbox_put_failed(n, &reply->row.joined.id, &err);
		}
		return;
	}
	r->answered = true;
	if (reply->which_row == cairn_Reply_event_tag)
		r->parcel.msg.body.request.since = reply->row.event.id;
	if (reply->which_row == cairn_Reply_joined_tag) {
		m = cr_xmemdup(msg, sizeof(*msg));
		joined(n, r, m);
		free(m);
	} else if (r->client) {
		m = cr_node_message(n, cairn_ClusterMsg_reply_tag);
		m->body.reply = *reply;
		m->body.reply.id = r->theirs;
		cr_local_send(r->client, m, payload, len);
	}
	for (p = &n->requests; *p && *p != r; p = &(*p)->next)
		;
	if (*p && (reply->last || reply->which_row == cairn_Reply_joined_tag))
		node_requests_drop(p);
}

void cr_requests_send(struct cr_node *n)
{
	struct cr_node_request *r;

	for (r = n->requests; r; r = r->next)
		if (!r->sent)
			node_requests_send_one(n, r);
}

void cr_requests_lost(struct cr_node *n)
{
	struct cr_node_request **p = &n->requests, *r;

	while ((r = *p)) {
		if (r->sent && !harmless(r)) {
			if (r->client)
				node_requests_refuse(
					r->client, r->theirs, CR_EXIT_CLUSTER,
					"the link to the coordinator broke before it answered; "
					"crctl list tells whether it was done");
			node_requests_drop(p);
			continue;
		}
		if (r->sent)
			r->since_ns = cr_node_now();
		r->sent = false;
		p = &r->next;
	}
}

void cr_requests_tick(struct cr_node *n, int64_t now)
{
	struct cr_node_request **p = &n->requests, *r;
	char text[256];

	while ((r = *p)) {
		if (r->sent || now - r->since_ns < PATIENCE_NS) {
			p = &r->next;
			continue;
		}
		snprintf(text, sizeof(text), "the coordinator at %s cannot be reached (%.120s)",
			 n->up.at[n->up.current].text, n->up.trouble);
		if (r->client)
			node_requests_refuse(r->client, r->theirs, CR_EXIT_CLUSTER, text);
		node_requests_drop(p);
	}
}

void cr_requests_gone(struct cr_node_client *c)
{
	struct cr_node_request **p = &c->node->requests, *r;

	while ((r = *p)) {
		if (r->client != c) {
			p = &r->next;
			continue;
		}
		if (r->sent) {
			r->parcel.msg.body.request.gone = true;
			cr_uplink_send(c->node, &r->parcel.msg, NULL, 0);
		}
		node_requests_drop(p);
	}
}
