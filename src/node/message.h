// SPDX-License-Identifier: Apache-2.0
//
// What leaves crnode, and what waits to.
#pragma once

#include "node/node.h"

/* An empty message in n->out, to be filled in and given to cr_uplink_send(). */
cairn_ClusterMsg *cr_node_message(struct cr_node *n, pb_size_t which);
/* False when the coordinator is away. */
bool cr_uplink_send(struct cr_node *n, cairn_ClusterMsg *m, const void *payload, size_t len);
void cr_local_send(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
		   size_t len);
/* A fact has changed: what follows is decided in this turn of the loop, see reconcile_member.c. */
void cr_node_dirty(struct cr_node *n);
/* Asks the coordinator to move our jobs away; end: and we end then. */
void cr_node_drain(struct cr_node *n, bool end);
/* A message that waits. */
void cr_parcel_fill(struct cr_node_parcel *p, const cairn_ClusterMsg *msg, const void *payload,
		    size_t len);
void cr_parcel_free(struct cr_node_parcel *p);
