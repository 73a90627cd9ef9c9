// SPDX-License-Identifier: Apache-2.0
//
// Jobs: made, found, listed, saved; what is noted for reconcile.c to decide upon.
#include <pb_encode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/job_options.h"
#include "common/runtime.h"
#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"

static const char *const names[CO_JOB_STATES] = {
	[CO_JOB_STARTING] = "starting",	  [CO_JOB_RUNNING] = "running",
	[CO_JOB_ENDING] = "ending",	  [CO_JOB_WAITING] = "waiting",
	[CO_JOB_SHIPPING] = "recovering", [CO_JOB_RESTARTING] = "recovering",
	[CO_JOB_STOPPED] = "stopped",	  [CO_JOB_ENDED] = "ended",
	[CO_JOB_FAILED] = "failed",	  [CO_JOB_LOST] = "lost",
	[CO_JOB_FORGOTTEN] = "forgotten",
};

const char *co_job_state(const struct co_job *j)
{
	if (j->state == CO_JOB_RUNNING && j->operation.active &&
	    j->operation.intent != cairn_Intent_INTENT_CHECK)
		return "checkpointing";
	if (j->state == CO_JOB_ENDING && j->after == CO_JOB_WAITING)
		return "recovering";
	return names[j->state];
}

bool co_job_over(const struct co_job *j)
{
	return j->state >= CO_JOB_STOPPED;
}

void co_job_save(struct co_job *j)
{
	unsigned char policy[cairn_Policy_size];
	pb_ostream_t out = pb_ostream_from_buffer(policy, sizeof(policy));

	pb_encode(&out, cairn_Policy_fields, &j->policy);
	co_db_write(j->c->db, CO_SQL_JOB, "itiitiittiiiiiiiiib", (int64_t)j->id, j->name,
		    (int64_t)j->uid, (int64_t)j->gid, j->command, (int64_t)j->state,
		    (int64_t)j->after, j->why, j->last_error, (int64_t)j->epoch,
		    (int64_t)j->operations, (int64_t)j->number, (int64_t)j->restarts,
		    (int64_t)j->tries, j->began_at, (int64_t)j->status, (int64_t)j->stall_ns,
		    (int64_t)j->wall_ns, policy, out.bytes_written);
}

void co_job_set(struct co_job *j, enum co_state state, const char *why)
{
	bool changed = j->state != state || strcmp(j->why, why);

	if (state == CO_JOB_RUNNING && j->state != state)
		j->running_ms = co_now();
	j->state = state;
	snprintf(j->why, sizeof(j->why), "%s", why);
	co_job_save(j);
	if (changed)
		co_event(j->c, "job", j, NULL, -1, "%s%s%s", co_job_state(j), *why ? ": " : "",
			 why);
	j->changed = true;
	co_job_dirty(j);
}

void co_job_dirty(struct co_job *j)
{
	struct co *c = j->c;

	if (j->dirty)
		return;
	j->dirty = true;
	j->next_dirty = NULL;
	if (c->dirty)
		c->last_dirty->next_dirty = j;
	else
		c->dirty = j;
	c->last_dirty = j;
	event_active(c->work, EV_TIMEOUT, 0);
}

void co_job_copies_due(struct co_job *j)
{
	j->copies_ms = 0;
	co_job_dirty(j);
}

void co_job_fault(struct co_job *j, enum co_cause cause, const char *why)
{
	co_job_dirty(j);
	/* Elsewhere everybody is being ended already, or there is nobody. */
	if (j->fault.is || (j->state != CO_JOB_STARTING && j->state != CO_JOB_RUNNING &&
			    j->state != CO_JOB_RESTARTING))
		return;
	j->fault = (struct co_fault){ .is = true, .cause = cause };
	snprintf(j->fault.why, sizeof(j->fault.why), "%s", why);
}

void co_job_want(struct co_job *j, enum co_state after, const char *why)
{
	j->want = (struct co_want){ .is = true, .after = after };
	snprintf(j->want.why, sizeof(j->want.why), "%s", why);
	co_job_dirty(j);
}

struct co_job *co_job_by_id(struct co *c, uint64_t id)
{
	size_t at = CR_FIRST_NOT(i, 0, c->jobs.n, c->jobs.v[i]->id < id);

	return at < c->jobs.n && c->jobs.v[at]->id == id ? c->jobs.v[at] : NULL;
}

static bool may_touch(const struct co_asker *a, const struct co_job *j)
{
	return a->uid == 0 || a->uid == j->uid;
}

struct co_job *co_job_find(struct co *c, const char *text, const struct co_asker *a,
			   struct cr_err *err)
{
	struct co_job *found = NULL;
	bool other = false;
	char *end;
	uint64_t id = strtoull(text, &end, 10);
	size_t i;

	for (i = c->jobs.n; i-- > 0;) {
		struct co_job *j = c->jobs.v[i];
		bool is = !strcmp(j->name, text);

		if (j->state == CO_JOB_FORGOTTEN || (!is && !(*text && !*end && j->id == id)))
			continue;
		if (!may_touch(a, j)) {
			other = true;
			continue;
		}
		/* One that lives before one that has ended, a name before a number. */
		if (!found || (co_job_over(found) && !co_job_over(j)))
			found = j;
	}
	if (!found && other)
		cr_fail(err, CR_EXIT_PERMISSION, 0, "job %s is another user's", text);
	else if (!found)
		cr_fail(err, CR_EXIT_NOT_FOUND, 0, "no job %s in this cluster", text);
	return found;
}

struct co_job *co_job_add(struct co *c, uint64_t id)
{
	struct co_job **slot = cr_xlist_add(&c->jobs), *j = cr_xcalloc(1, sizeof(*j));

	*slot = j;
	j->c = c;
	j->id = id;
	j->due_ms = CO_FOREVER;
	return j;
}

struct co_job *co_job_new(struct co *c, const cairn_Request *q, const struct co_asker *a)
{
	struct co_job *j = co_job_add(c, c->next_job++);
	cairn_Policy usual;

	co_db_write(c->db, CO_SQL_SET, "ti", "next_job", (int64_t)c->next_job);
	snprintf(j->name, sizeof(j->name), "%s", q->job);
	snprintf(j->command, sizeof(j->command), "%s", q->command);
	j->uid = a->uid;
	j->gid = a->gid;
	j->epoch = 1;
	j->began_at = cr_now_ns(CLOCK_REALTIME) / 1000000;
	cr_policy_default(&usual);
	j->policy = q->has_policy ? q->policy : usual;
	if (!j->policy.has_replicas)
		j->policy.replicas = usual.replicas;
	j->policy.has_replicas = true;
	if (!j->policy.keep)
		j->policy.keep = usual.keep;
	co_job_set(j, CO_JOB_STARTING, "");
	return j;
}

/* For how long prevention.c leaves it alone. */
static double rest_s(const struct co_job *j)
{
	double since = (co_now() - j->evacuated_ms) / 1e3;

	return j->evacuated_ms ? j->c->options.evacuate_cooldown - since : 0;
}

void co_job_row(const struct co_job *j, cairn_JobRow *row)
{
	const struct co_checkpoint *k = j->checkpoints;
	size_t i;

	row->id = j->id;
	snprintf(row->name, sizeof(row->name), "%s", j->name);
	row->uid = j->uid;
	snprintf(row->state, sizeof(row->state), "%s", co_job_state(j));
	snprintf(row->why, sizeof(row->why), "%s", j->why);
	for (i = 0; i < j->n; i++)
		row->members += j->v[i].life != CO_NONE;
	row->epoch = j->epoch;
	row->restarts = j->restarts;
	while (k && k->state != CO_COMMITTED)
		k = k->next;
	if (k) {
		row->number = k->number;
		row->committed_at = k->at;
	}
	snprintf(row->command, sizeof(row->command), "%s", j->command);
	row->stall_ns = j->stall_ns;
	row->wall_ns = j->wall_ns;
	snprintf(row->last_error, sizeof(row->last_error), "%s", j->last_error);
	row->has_policy = true;
	row->policy = j->policy;
	row->began_at = j->began_at;
	row->status = j->status;
	co_pace_row(j, row);
	row->has_stays_s = rest_s(j) > 0;
	row->stays_s = row->has_stays_s ? rest_s(j) : 0;
	row->unprotected = *j->unprotected;
	snprintf(row->unprotected_why, sizeof(row->unprotected_why), "%s", j->unprotected);
	row->failures = j->failures;
}
