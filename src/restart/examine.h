// SPDX-License-Identifier: Apache-2.0
//
// What is in the way of a restart on this node. A restart wants the first obstacle, --check all.
#pragma once

#include "restart/restart.h"

struct cr_obstacle {
	const char *kind; /* one word */
	bool prevents; /* else: it works, and something will be different */
	struct cr_err err;
};

typedef struct {
	bool all; /* go on behind the first */
	CR_LIST(struct cr_obstacle) list;
} cr_obstacles;

/* Notes it, if it is an error; not 0: enough. */
int cr_obstacle(cr_obstacles *to, const char *kind, const struct cr_err *err);

/* check.c: CPU, programs and libraries, the pack; with its contents if that is asked for. */
int cr_check_image(const struct cr_image *img, bool allow_changed, bool contents, cr_obstacles *to);
int cr_check_pack(const struct cr_image *img, bool contents, cr_obstacles *to);

/*
 * examine.c: all that can be known of a restart on this node without making anything. Paths are
 * mapped already; of another backend's image it is what all have in common.
 */
void cr_restart_examine(struct cr_restart *r, cr_obstacles *to);
