// SPDX-License-Identifier: Apache-2.0
//
// Starting a member; see start.c.
#pragma once

#include "node/node.h"

void cr_node_start(struct cr_node *n, const cairn_ClusterMsg *msg, const void *payload, size_t len);
void cr_start_withdraw(struct cr_node *n, const cairn_MemberId *id);
