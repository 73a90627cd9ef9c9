// SPDX-License-Identifier: Apache-2.0
//
// crnode's life; see node_run.c.
#pragma once

#include "node/node.h"

int cr_node_init(struct cr_node *n, char **argv, struct cr_err *err);
int cr_node_run(struct cr_node *n);
void cr_node_free(struct cr_node *n);
static inline int64_t cr_node_now(void)
{
	return cr_now_ns(CLOCK_BOOTTIME);
}
