// SPDX-License-Identifier: Apache-2.0
//
// What is decided about a member; see reconcile_member.c.
#pragma once

#include "node/node.h"

/* First thing in a callback: whether the lease is over is seen, and what follows is done. */
void cr_node_turn(struct cr_node *n);
void cr_members_tick(struct cr_node *n, int64_t now);
