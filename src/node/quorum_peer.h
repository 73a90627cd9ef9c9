// SPDX-License-Identifier: Apache-2.0
//
// Quorum peers: other nodes that let this one go on, and this one that lets others.
#pragma once

#include "node/node.h"

int cr_quorum_peer_init(struct cr_node *n, struct cr_err *err);
void cr_quorum_peer_free(struct cr_node *n);
/* Asks them while the coordinator does not answer. */
void cr_quorum_peer_tick(struct cr_node *n, int64_t now);
/* Quorum has come. */
void cr_quorum_peer_set(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
			size_t len);
/* Welcome, when the lease was over. */
void cr_quorum_peer_forget(struct cr_node *n);
unsigned int cr_quorum_peer_generation(const struct cr_node *n);
