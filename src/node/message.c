// SPDX-License-Identifier: Apache-2.0
//
// What leaves crnode: to the coordinator, if it is there, and to clients of this node.
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "node/message.h"
#include "node/node.h"
#include "node/node_run.h"

cairn_ClusterMsg *cr_node_message(struct cr_node *n, pb_size_t which)
{
	memset(&n->out, 0, sizeof(n->out));
	n->out.which_body = which;
	return &n->out;
}

bool cr_uplink_send(struct cr_node *n, cairn_ClusterMsg *m, const void *payload, size_t len)
{
	m->session = n->up.session;
	return n->up.welcome && cr_link_send(n->up.link, m, payload, len);
}

void cr_local_send(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
		   size_t len)
{
	/* A shepherd that does not read is not waited for; others are cut off before. */
	if (cr_link_backlog(c->link) < 2 * CR_LINK_PAYLOAD_MAX)
		cr_link_send(c->link, m, payload, len);
}

void cr_node_dirty(struct cr_node *n)
{
	if (!n->dirty)
		event_active(n->work, EV_TIMEOUT, 0);
	n->dirty = true;
}

void cr_node_drain(struct cr_node *n, bool end)
{
	cairn_ClusterMsg *m;

	if (!n->drained)
		cr_say("node %s is drained: its jobs move away", n->name);
	n->drained = true;
	if (end && !n->drain_ns)
		n->drain_ns = cr_node_now() + n->options.drain_timeout * 1e9;
	m = cr_node_message(n, cairn_ClusterMsg_leaving_tag);
	m->body.leaving.drain = true;
	if (n->deadline_ns) {
		int64_t left_ms = (n->deadline_ns - cr_node_now()) / 1000000;

		m->body.leaving.left_ms = left_ms < 1	       ? 1 :
					  left_ms > UINT32_MAX ? UINT32_MAX :
								 left_ms;
		snprintf(m->body.leaving.why, sizeof(m->body.leaving.why), "%s", n->deadline_why);
	}
	cr_uplink_send(n, m, NULL, 0);
}

void cr_parcel_free(struct cr_node_parcel *p)
{
	free(p->payload);
	*p = (struct cr_node_parcel){ 0 };
}

void cr_parcel_fill(struct cr_node_parcel *p, const cairn_ClusterMsg *msg, const void *payload,
		    size_t len)
{
	cr_parcel_free(p);
	p->payload = cr_xmemdup(payload, len);
	p->msg = *msg;
	p->len = len;
}
