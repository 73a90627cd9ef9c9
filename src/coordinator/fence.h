// SPDX-License-Identifier: Apache-2.0
//
// The command that switches a silent node off; see fence.c.
#pragma once

#include "coordinator/coordinator.h"

/* Runs --fence-command for it, if there is one; fence.c. */
void co_fence_command(struct co_node *n);
void co_fence_done(struct co *c);
