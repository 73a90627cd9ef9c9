// SPDX-License-Identifier: Apache-2.0
//
// The node's images: between the messages and the store.
#include "node/node.h"

int cr_images_init(struct cr_node *n, struct cr_err *err)
{
	return 0;
}

void cr_images_free(struct cr_node *n)
{
}

void cr_images_report(struct cr_node *n)
{
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_holding_tag);

	m->body.holding.end = true;
	cr_uplink_send(n, m, NULL, 0);
}

void cr_images_pieces(struct cr_node_member *m, const cairn_Pieces *p, const void *payload,
		      size_t len)
{
}

void cr_images_written(struct cr_node_member *m, unsigned int number)
{
	cairn_ClusterMsg *msg = cr_node_message(m->node, cairn_ClusterMsg_holding_tag);
	cairn_Holding *h = &msg->body.holding;

	h->job = m->id.job;
	h->member = m->id.member;
	h->number = number;
	h->state = cairn_HoldingState_HOLDING_COMPLETE;
	h->uid = m->uid;
	snprintf(h->name, sizeof(h->name), "%s", m->name);
	cr_uplink_send(m->node, msg, NULL, 0);
}

void cr_images_ship(struct cr_node *n, const cairn_Ship *s)
{
}

void cr_images_drop(struct cr_node *n, const cairn_Drop *d)
{
}
