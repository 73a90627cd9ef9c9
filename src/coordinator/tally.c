// SPDX-License-Identifier: Apache-2.0
//
// What has happened to each job since this coordinator was started: counters as Prometheus wants
// them, which begin at zero with the process.
#include "coordinator/tally.h"

#include "coordinator/images.h"

const double co_stall_limits[CO_BUCKETS] = { 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10 };
const double co_wall_limits[CO_BUCKETS] = { 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 300 };

static void observe(struct co_histogram *h, const double *limits, double seconds)
{
	size_t i = 0;

	while (i < CO_BUCKETS && seconds > limits[i])
		i++;
	h->counts[i]++;
	h->sum += seconds;
}

void co_tally_end(struct co_job *j, const struct co_operation *was)
{
	struct co_checkpoint *k = co_checkpoint(j, was->number);
	struct co_tally *t = &j->tally;
	size_t i;

	if (was->intent == cairn_Intent_INTENT_MOVE)
		t->next = CO_RETURN_MOVES;
	if (was->intent == cairn_Intent_INTENT_RESTART ||
	    was->intent == cairn_Intent_INTENT_CHECK || !k)
		return;
	t->checkpoints++;
	for (i = 0; i < k->n; i++)
		if (k->images[i].holdings.n)
			t->bytes += k->images[i].holdings.v[0].bytes;
	observe(&t->stall, co_stall_limits, j->stall_ns / 1e9);
	observe(&t->wall, co_wall_limits, j->wall_ns / 1e9);
	/* It was committed before the last member was done with it. */
	co_checkpoint_save(j, k);
}

void co_tally_fail(struct co_job *j, const struct co_operation *was)
{
	if (was->intent == cairn_Intent_INTENT_RESTART || was->intent == cairn_Intent_INTENT_CHECK)
		return;
	j->tally.failures++;
	j->failures++;
}

void co_tally_return(struct co_job *j)
{
	if (j->tally.next == CO_RETURN_RECOVERS)
		j->tally.recoveries++;
	else if (j->tally.next == CO_RETURN_MOVES)
		j->tally.migrations++;
	j->tally.next = CO_RETURN_RECOVERS;
}
