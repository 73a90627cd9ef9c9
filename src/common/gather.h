// SPDX-License-Identifier: Apache-2.0
//
// What the members of a job do together when it spans several nodes: each gives some bytes, each
// gets those of all. It is a barrier too: nobody comes back before everybody has come. A job on one
// node has none (NULL).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/err.h"
#include "operation.pb.h"

struct cr_gathered {
	size_t n; /* members, in the order of their numbers */
	struct cr_gathered_piece {
		unsigned int member;
		const unsigned char *data;
		size_t len;
	} *v;
	void *room; /* of all data */
};

struct cr_gather {
	/*
	 * Blocks until every member has come to the same step. 0, or -errno with *err, when a
	 * member failed or was lost or took too long: then the checkpoint or restart is given up
	 * everywhere.
	 */
	int (*all)(struct cr_gather *g, cairn_Step step, const void *mine, size_t len,
		   struct cr_gathered *out, struct cr_err *err);
	/* For who waits for others in between: whether it has been given up meanwhile. */
	int (*check)(struct cr_gather *g, struct cr_err *err);
	unsigned int member; /* which we are */
	unsigned int members; /* how many there are; 1: nobody to wait for */
};

static inline void cr_gathered_free(struct cr_gathered *g)
{
	free(g->v);
	free(g->room);
	g->v = NULL;
	g->room = NULL;
	g->n = 0;
}

static inline bool cr_has_members(const struct cr_gather *g)
{
	return g && g->members > 1;
}
