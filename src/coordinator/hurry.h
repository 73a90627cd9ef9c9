// SPDX-License-Identifier: Apache-2.0
//
// A node is drained whose machine ends soon, at a known time; see hurry.c.
#pragma once

#include "coordinator/coordinator.h"

/* It has told of that; what can be done in the time that is left is told as an event. */
void co_hurry_begin(struct co_node *n, const cairn_Leaving *l);
/* Some member of the job is on such a node. */
bool co_hurry_is(const struct co_job *j);
/* Others that are quicker are not before it. */
bool co_hurry_turn(const struct co_job *j);
