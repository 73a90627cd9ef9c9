// SPDX-License-Identifier: Apache-2.0
//
// Faults that an operator rehearses on this node; see drill.c.
#pragma once

#include <stdbool.h>

#include "cluster.pb.h"

struct cr_err;
struct cr_node;

int cr_drill_init(struct cr_node *n, struct cr_err *err);
/* The coordinator's order. */
void cr_drill(struct cr_node *n, const cairn_Drill *order);
/* At Welcome: what could not be told. */
void cr_drill_report(struct cr_node *n);
/* Its net drill is on: nothing is to come or go. */
bool cr_drill_cuts(const struct cr_node *n);
void cr_drill_free(struct cr_node *n);
