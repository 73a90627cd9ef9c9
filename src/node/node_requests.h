// SPDX-License-Identifier: Apache-2.0
//
// What users of this node ask the coordinator; see node_requests.c.
#pragma once

#include "node/node.h"

void cr_request(struct cr_node_client *c, const cairn_Request *q, const void *payload, size_t len);
void cr_request_reply(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
		      size_t len);
void cr_requests_send(struct cr_node *n);
void cr_requests_lost(struct cr_node *n);
void cr_requests_tick(struct cr_node *n, int64_t now);
void cr_requests_gone(struct cr_node_client *c);
