// SPDX-License-Identifier: Apache-2.0
//
// What is in the way of a restart on this node. A restart wants the first obstacle, --check all.
#pragma once

#include "common/err.h"
#include "common/io.h"

struct cr_restart;

struct cr_obstacle {
	const char *kind; /* one word */
	bool prevents; /* else: it works, and something will be different */
	struct cr_err err;
};

typedef struct {
	bool all; /* go on behind the first */
	CR_LIST(struct cr_obstacle) list;
} cr_obstacles;

/*
 * examine.c: all that can be known of a restart on this node without making anything. Paths are
 * mapped already; of another backend's image it is what all have in common.
 */
void cr_restart_examine(struct cr_restart *r, cr_obstacles *to);

/* The agent backend's: maps paths, checks, and moves the image into shared memory. */
int cr_agent_check(struct cr_restart *r, struct cr_err *err);
