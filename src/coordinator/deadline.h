// SPDX-License-Identifier: Apache-2.0
//
// Which jobs can still leave a node whose machine ends at a known time. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cr_deadline_job {
	double need_s; /* until its checkpoint lies on another node */
	bool moves; /* it is at that already */
	/* the answer */
	bool fits;
	size_t place; /* in the order, 0: first */
};

/*
 * Shortest first, as many as there is time for one after another: so the most of them are saved
 * when not all can be, and those that are late are the few that cost the most.
 */
void cr_deadline_plan(struct cr_deadline_job *jobs, size_t n, double left_s);
