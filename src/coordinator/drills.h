// SPDX-License-Identifier: Apache-2.0
//
// Faults that an operator rehearses on a node; see drills.c.
#pragma once

#include "coordinator/coordinator.h"

#define CO_DRILL_S_MOST 600

void co_drill(struct co_node *n, const cairn_Request *q, const struct co_asker *a);
/* The node has said what became of one. */
void co_drill_told(struct co_node *n, const cairn_Drill *d);
/* DRILL_NONE: it is the word of none. */
cairn_DrillKind co_drill_kind(const char *word);
