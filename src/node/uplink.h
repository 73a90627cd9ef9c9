// SPDX-License-Identifier: Apache-2.0
//
// The link to the coordinator; see uplink.c.
#pragma once

#include "node/node.h"

int cr_uplink_init(struct cr_node *n, struct cr_err *err);
void cr_uplink_tick(struct cr_node *n, int64_t now);
void cr_uplink_beat(struct cr_node *n);
/* The link is dropped. */
void cr_uplink_cut(struct cr_node *n, const char *why);
void cr_uplink_close(struct cr_node *n);
