// SPDX-License-Identifier: Apache-2.0
//
// Nodes that let others go on while the coordinator is silent; see witnesses.c.
#pragma once

#include "coordinator/cluster.h"

bool co_witness(const struct co_node *n);
void co_witnesses_tell(struct co_node *n);
void co_witness_promised(struct co_node *n, const cairn_Promise *p);
void co_witnesses_remember(struct co *c);
void co_witnesses_tick(struct co *c, int64_t now);
