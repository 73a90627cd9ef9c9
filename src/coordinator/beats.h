// SPDX-License-Identifier: Apache-2.0
//
// Heartbeats of nodes, in a thread of their own; see beats.c.
#pragma once

#include "coordinator/coordinator.h"

/* Links that are for it go there. */
void co_beats_tick(struct co *c);
/* What was answered there counts from now on. */
void co_beats_fold(struct co_node *n);
/* cr_fence_take(), after which nothing is answered there. */
bool co_beats_take(struct co_node *n, int64_t now_ns);
/* The session ends. */
void co_beats_end(struct co_session *s);
void co_beats_free(struct co *c);
