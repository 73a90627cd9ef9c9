// SPDX-License-Identifier: Apache-2.0
//
// Nodes that let others go on while the coordinator is silent; see quorum.c.
#pragma once

#include "coordinator/coordinator.h"

bool co_quorum_peer(const struct co_node *n);
void co_quorum_tell(struct co_node *n);
void co_quorum_promised(struct co_node *n, const cairn_Promise *p);
void co_quorum_remember(struct co *c);
void co_quorum_tick(struct co *c, int64_t now);
