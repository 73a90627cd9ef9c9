// SPDX-License-Identifier: Apache-2.0
//
// Who the nodes are, and whether they live; see nodes.c.
#pragma once

#include "coordinator/coordinator.h"

struct co_node *co_node_find(struct co *c, const char *name);
/* By its name or one of its addresses. */
struct co_node *co_node_meant(struct co *c, const char *text);
struct co_node *co_node_add(struct co *c, const char *name);
struct co_store *co_store(struct co *c, uint64_t id);
void co_node_hello(struct co_session *s, const cairn_Hello *h);
void co_node_beat(struct co_node *n, const cairn_Heartbeat *b);
void co_node_leaving(struct co_node *n, const cairn_Leaving *l);
void co_node_told(struct co_node *n);
void co_node_save(struct co_node *n);
/* Something that jobs may have waited for: all are dirty. */
void co_nodes_changed(struct co *c);
void co_node_lost(struct co_node *n, const char *why);
void co_node_dead(struct co_node *n, const char *why);
void co_nodes_tick(struct co *c);
/* When connections are accepted: from here on nodes' leases are ours alone. */
void co_fence_begin(struct co *c);
const char *co_node_state(const struct co_node *n);
void co_node_row(const struct co_node *n, cairn_NodeRow *row);
/* It is connected and new members may come to it. */
bool co_node_takes(const struct co_node *n);
/* After a start nobody is lost, and nothing placed, before all can have come back. */
bool co_settled(const struct co *c);
