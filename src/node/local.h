// SPDX-License-Identifier: Apache-2.0
//
// The socket of this node's users; see local.c.
#pragma once

#include "node/node.h"

int cr_local_listen(struct cr_node *n, struct cr_err *err);
void cr_local_close(struct cr_node_client *c);
void cr_local_tick(struct cr_node *n, int64_t now);
