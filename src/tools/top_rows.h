// SPDX-License-Identifier: Apache-2.0
//
// What crctl top shows: nodes and jobs as they are now, asked for again and again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster.pb.h"

struct cr_ctl;

struct cr_top_job {
	char name[128], state[32], where[160], note[1024];
	uint64_t id, rss_bytes, stall_ns;
	uint32_t count; /* members; of this host: processes */
	double age_s; /* of its newest checkpoint; below zero: none */
	bool unprotected;
};

struct cr_top {
	bool cluster;
	cairn_NodeRow *nodes;
	struct cr_top_job *jobs;
	size_t n_nodes, room_nodes, n_jobs, room_jobs;
	int fd; /* to crnode, -1: none */
};

/* All of it anew. 0 or c->err. */
int cr_top_gather(struct cr_top *t, struct cr_ctl *c);
/* Where the members of a job are, which costs a question. */
void cr_top_place(struct cr_top *t, struct cr_top_job *j);
/* How the jobs stand: by the first, the second ... of these. */
#define CR_TOP_ORDERS "name\0state\0memory\0checkpoint age\0stall\0"
#define CR_TOP_ORDERS_N 5
void cr_top_sort(struct cr_top *t, unsigned int order);
void cr_top_free(struct cr_top *t);
