// SPDX-License-Identifier: Apache-2.0
//
// See deadline.h.
#include "coordinator/deadline.h"

#include <stdlib.h>

#include "common/xalloc.h"

#define SPARE 0.1 /* of the time that is left: estimates are off by as much */

static int deadline_by_need(const void *a, const void *b)
{
	const struct cr_deadline_job *x = *(struct cr_deadline_job *const *)a;
	const struct cr_deadline_job *y = *(struct cr_deadline_job *const *)b;

	if (x->moves != y->moves)
		return x->moves ? -1 : 1;
	if (x->need_s != y->need_s)
		return x->need_s < y->need_s ? -1 : 1;
	return x < y ? -1 : x > y;
}

void cr_deadline_plan(struct cr_deadline_job *jobs, size_t n, double left_s)
{
	struct cr_deadline_job **order = cr_xcalloc(n + 1, sizeof(*order));
	double used = 0;
	size_t i;

	for (i = 0; i < n; i++)
		order[i] = &jobs[i];
	qsort(order, n, sizeof(struct cr_deadline_job *), deadline_by_need);
	for (i = 0; i < n; i++) {
		used += order[i]->need_s;
		order[i]->place = i;
		order[i]->fits = used <= left_s * (1 - SPARE);
	}
	free(order);
}
