// SPDX-License-Identifier: Apache-2.0
//
// What is seen coming for nodes: which limits of --evacuate they are above, and when their memory,
// disk or store will be full. What is done about it is prevention.c's.
#pragma once

#include "coordinator/coordinator.h"

struct cr_evac_node;
struct cr_evac_policy;
struct cr_evac_watch;

int co_outlook_init(struct co *c, struct cr_err *err);
void co_outlook_free(struct co *c);
const struct cr_evac_policy *co_outlook_policy(const struct co *c);
/* What is remembered of it. Those of all nodes may move when one is new. */
struct cr_evac_watch *co_outlook_watch(const struct co_node *n);
/* A job leaves it: what has been seen until now counts no more. */
void co_outlook_left(struct co_node *n, int64_t now_ms);
/* For a decision: but for whether it takes jobs, and what is on its way there. */
void co_outlook_describe(const struct co_node *n, struct cr_evac_node *to);
void co_outlook_node_row(const struct co_node *n, cairn_NodeRow *row);
