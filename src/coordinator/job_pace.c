// SPDX-License-Identifier: Apache-2.0
//
// How often a job is saved. With -i auto, from what its last checkpoint cost and from how often
// something fails: nodes, all of which count for each other, and the job by itself. Failures are
// rare, so for long few are seen; that many hours have passed without one counts as much as they
// do. The prior, --mtbf, counts as one failure in its time: the mean time between failures of a
// node is (prior + hours that nodes have run) / (1 + nodes that were lost), and a job fails when
// one of its nodes does, or by its own fault.
#include "coordinator/job_pace.h"

#include <stdio.h>

#include "common/defs.h"
#include "common/pace.h"
#include "coordinator/members.h"

static int64_t wall_ms(void)
{
	return cr_now_ns(CLOCK_REALTIME) / 1000000;
}

static unsigned int nodes_of(const struct co_job *j)
{
	unsigned int n = 0;
	size_t i, k;

	for (i = 0; i < j->n; i++) {
		if (!co_lives(&j->v[i]))
			continue;
		for (k = 0; k < i && (!co_lives(&j->v[k]) || j->v[k].node != j->v[i].node); k++)
			;
		n += k == i;
	}
	return n ? n : 1;
}

static double node_seconds(const struct co *c)
{
	int64_t ms = c->known_since_ms ? wall_ms() - c->known_since_ms : 0;

	return ms > 0 ? ms / 1e3 * c->nodes.n : 0;
}

static double mtbf(const struct co_job *j)
{
	double prior = j->policy.mtbf > 0 ? j->policy.mtbf : CR_PACE_MTBF_S;
	double lived = (wall_ms() - j->began_at) / 1e3;
	double rate = nodes_of(j) * (1 + j->c->nodes_lost) / (prior + node_seconds(j->c));

	rate += j->own_faults / (prior + (lived > 0 ? lived : 0));
	return 1 / rate;
}

static double cost(const struct co_job *j)
{
	return cr_pace_cost(j->stall_ns / 1e9, j->wall_ns / 1e9);
}

double co_pace(const struct co_job *j)
{
	if (!j->policy.auto_interval || !j->wall_ns)
		return j->policy.interval;
	return cr_pace_interval(cost(j), j->wall_ns / 1e9, mtbf(j));
}

void co_pace_row(const struct co_job *j, cairn_JobRow *row)
{
	unsigned int lost = j->c->nodes_lost, nodes = nodes_of(j);
	double hours = node_seconds(j->c) / 3600;
	char from[80];

	row->policy.interval = co_pace(j);
	row->has_interval_why = j->policy.auto_interval;
	if (!j->policy.auto_interval)
		return;
	if (!lost && !j->own_faults && hours < 1)
		snprintf(from, sizeof(from), "prior, %u node%s", nodes, nodes == 1 ? "" : "s");
	else
		snprintf(from, sizeof(from),
			 "prior, %u node%s; %u lost in %.3g node hours, %u failures of its own",
			 nodes, nodes == 1 ? "" : "s", lost, hours, j->own_faults);
	cr_pace_text(row->policy.interval, cost(j), mtbf(j), from, row->interval_why);
}
