// SPDX-License-Identifier: Apache-2.0
//
// Events of members, kept until the coordinator has them for certain: it has answered a heartbeat
// that was sent well after them. Until then each new link is told all of them again.
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "node/message.h"
#include "node/node.h"
#include "node/node_run.h"
#include "node/outbox.h"

#define DURABLE_NS 2000000000ll

static void send_event(struct cr_node *n, struct cr_node_outgoing *t)
{
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_event_tag);

	m->body.event = t->event;
	t->sent_ns = cr_uplink_send(n, m, NULL, 0) ? cr_node_now() : 0;
}

void cr_outbox_put(struct cr_node *n, const cairn_MemberEvent *e)
{
	struct cr_node_outgoing *t = cr_xlist_add(&n->outbox);

	t->event = *e;
	n->known_changed = true;
	send_event(n, t);
}

void cr_outbox_put_failed(struct cr_node *n, const cairn_MemberId *id, const struct cr_err *err)
{
	cairn_MemberEvent e = { .has_id = true, .id = *id };

	e.state = cairn_MemberState_MEMBER_FAILED;
	e.exit = err->status;
	snprintf(e.error, sizeof(e.error), "%s", err->text);
	cr_outbox_put(n, &e);
}

void cr_outbox_again(struct cr_node *n)
{
	size_t i;

	for (i = 0; i < n->outbox.n; i++)
		send_event(n, &n->outbox.v[i]);
}

void cr_outbox_acknowledged(struct cr_node *n, int64_t beat_ns)
{
	size_t i, kept = 0;

	for (i = 0; i < n->outbox.n; i++) {
		const struct cr_node_outgoing *t = &n->outbox.v[i];

		if (!t->sent_ns || beat_ns - t->sent_ns < DURABLE_NS)
			n->outbox.v[kept++] = *t;
	}
	n->known_changed |= kept != n->outbox.n;
	n->outbox.n = kept;
}
