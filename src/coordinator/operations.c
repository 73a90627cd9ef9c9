// SPDX-License-Identifier: Apache-2.0
//
// What all members of a job do together, a checkpoint, a look, a restart: the table "kinds", with
// the barriers of each. When all have come to one, all get what each has brought; of the content
// nothing is known. Two have no way back: after "saved" a checkpoint counts if its images are
// there, after "ready" a restarted job runs. What is told to all then is durable first, so that a
// coordinator that dies among the tellings tells the rest the same.
//
// Whoever does not hear (its link was broken) tells again that it has come, and is told again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/step.h"
#include "common/xalloc.h"
#include "coordinator/operations.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/replies.h"
#include "coordinator/session.h"
#include "coordinator/tally.h"
#include "net/link.h"

#define SAVE_MS 90000 /* a stop takes seconds */
#define RESTORE_MS 900000 /* reading memory */
#define STALLED_MS 15000 /* nobody can take a copy */
#define MOVES_TRIED 3 /* without a word to who waits for it */
#define ADVANCE_MAX (15u * 1024 * 1024)

static void send_advance(struct co_member *m)
{
	struct co_told *t = &m->job->said;
	cairn_ClusterMsg *msg = co_message(m->job->c, cairn_ClusterMsg_advance_tag);

	msg->body.advance.has_id = true;
	co_member_id(m, &msg->body.advance.id);
	msg->body.advance.operation = t->operation;
	msg->body.advance.at = t->step;
	snprintf(msg->body.advance.step, sizeof(msg->body.advance.step), "%s",
		 cr_step_name(t->step));
	co_send_shared(m->node, msg, t->payload);
}

static void send_abort(struct co_member *m, unsigned int operation, int status, const char *text)
{
	cairn_ClusterMsg *msg = co_message(m->job->c, cairn_ClusterMsg_abort_tag);

	msg->body.abort.has_id = true;
	co_member_id(m, &msg->body.abort.id);
	msg->body.abort.operation = operation;
	msg->body.abort.status = status;
	snprintf(msg->body.abort.error, sizeof(msg->body.abort.error), "%s", text);
	co_send_node(m->node, msg, NULL, 0);
}

/* ---- the kinds of operations, and where members meet in each ---- */

/* When all have come to one, all get what each has brought. */
struct co_barrier {
	cairn_Step step; /* STEP_NONE: end of a table */
	const char *brings; /* what each tells the others; NULL: only that it has come */
	void (*settle)(struct co_job *j); /* no way back from here; durable before all are told */
};

struct co_kind {
	const char *name, *failed; /* as people read it; the event */
	const struct co_barrier *barriers; /* in order; whoever has nothing to do passes some by */
	int64_t step_ms; /* until all have come to the next: what takes longer is stuck */
	bool keeps; /* a checkpoint comes of it */
	bool stops; /* its members end with it */
	/* Instead of an answer to who has asked; NULL: that. */
	void (*ended)(struct co_job *j, const struct co_operation *was);
	/* Behind the answer. */
	void (*given_up)(struct co_job *j, const struct co_operation *was);
};

static const struct co_kind *kind_of(const struct co_operation *operation);

static struct co_checkpoint *its_checkpoint(const struct co_job *j)
{
	const struct co_operation *operation = &j->operation;

	return operation->active && kind_of(operation)->keeps ?
		       co_checkpoint((struct co_job *)j, operation->number) :
		       NULL;
}

static void settle_saved(struct co_job *j)
{
	struct co_checkpoint *k = its_checkpoint(j);

	j->operation.saved = true;
	if (!k)
		return;
	k->state = CO_SAVED;
	co_checkpoint_save(j, k);
}

static void settle_ready(struct co_job *j)
{
	size_t i;

	j->operation.active = false;
	for (i = 0; i < j->n; i++)
		if (j->v[i].life == CO_STARTING) {
			co_member_set(&j->v[i], CO_RUNNING);
			co_member_save(&j->v[i]);
		}
	if (co_pace(j) > 0)
		j->due_ms = co_now() + co_pace(j) * 1000;
	j->restarts++;
	co_tally_return(j);
	co_job_set(j, CO_JOB_RUNNING, "");
}

static void operations_answer(struct co_job *j, const struct co_asker *a, int status,
			      const char *text)
{
	if (!a->session)
		return;
	if (status)
		co_reply_error(j->c, a, status, "%s", text);
	else
		co_reply_job(j->c, a, j);
}

/* Whoever wants it stopped wants it gone. */
static void operations_stop_ended(struct co_job *j, const struct co_operation *was)
{
	co_wait_for_end(j, &was->asker);
	co_job_want(j, CO_JOB_STOPPED, "");
}

/* Soon again: what was in the way may have been a member's end. */
static void checkpoint_given_up(struct co_job *j, const struct co_operation *was)
{
	if (co_pace(j) > 0)
		j->due_ms = co_now() + (co_pace(j) < 5 ? co_pace(j) * 1000 : 5000);
}

/* Off a drained node it is tried again: once may be chance; but nobody waits in silence. */
static void move_given_up(struct co_job *j, const struct co_operation *was)
{
	if (++j->stuck >= MOVES_TRIED)
		co_drain_stuck(j, was->why);
}

static void restart_given_up(struct co_job *j, const struct co_operation *was)
{
	if (j->state == CO_JOB_RESTARTING)
		co_job_fault(j, co_cause_of(was->status), was->why);
}

static const struct co_barrier saving[] = {
	{ .step = cairn_Step_STEP_STOPPED },
	{ .step = cairn_Step_STEP_SOCKETS, .brings = "which ends of connections are not its own" },
	{ .step = cairn_Step_STEP_ENDS, .brings = "what it knows of the others' ends" },
	{ .step = cairn_Step_STEP_SAVED, .settle = settle_saved },
	{ 0 },
};

static const struct co_barrier restoring[] = {
	{ .step = cairn_Step_STEP_PLACES, .brings = "which addresses it had and has" },
	{ .step = cairn_Step_STEP_GATES, .brings = "where its connections are made again" },
	{ .step = cairn_Step_STEP_CONNECTED, .brings = "which addresses its ends have now" },
	{ .step = cairn_Step_STEP_RESTORED },
	{ .step = cairn_Step_STEP_READY, .settle = settle_ready },
	{ 0 },
};

static const struct co_kind kinds[] = {
	[cairn_Intent_INTENT_CHECKPOINT] = { "checkpoint", "checkpoint-failed", saving, SAVE_MS,
					     .keeps = true, .given_up = checkpoint_given_up },
	[cairn_Intent_INTENT_STOP] = { "checkpoint", "checkpoint-failed", saving, SAVE_MS,
				       .keeps = true, .stops = true,
				       .ended = operations_stop_ended },
	[cairn_Intent_INTENT_CHECK] = { "check", "checkpoint-failed", saving, SAVE_MS },
	[cairn_Intent_INTENT_RESTART] = { "restart", "restart-failed", restoring, RESTORE_MS,
					  .given_up = restart_given_up },
	[cairn_Intent_INTENT_MOVE] = { "checkpoint", "checkpoint-failed", saving, SAVE_MS,
				       .keeps = true, .stops = true, .given_up = move_given_up },
};

/* What a database from before there were intents has is a checkpoint. */
static const struct co_kind *kind_of(const struct co_operation *operation)
{
	const struct co_kind *k = &kinds[cairn_Intent_INTENT_CHECKPOINT];

	if ((size_t)operation->intent < CR_ARRAY_SIZE(kinds) && kinds[operation->intent].barriers)
		k = &kinds[operation->intent];
	return k;
}

/* NULL: there is no such step in it. */
static const struct co_barrier *barrier_of(const struct co_operation *operation, cairn_Step step)
{
	const struct co_barrier *b = kind_of(operation)->barriers;

	while (b->step && b->step != step)
		b++;
	return b->step ? b : NULL;
}

/* ---- its beginning ---- */

/* Those who take part are those who live; false if one of them cannot now. */
bool co_operation_can(const struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (co_lives(&j->v[i]) &&
		    (j->v[i].life != CO_RUNNING || !j->v[i].node->session || !j->v[i].here))
			return false;
	return j->live > 0;
}

static void operations_begin(struct co_job *j, cairn_Intent intent, const struct co_asker *a)
{
	struct co_operation *operation = &j->operation;
	size_t i;

	*operation = (struct co_operation){
		.active = true, .intent = intent, .id = ++j->operations, .progress_ms = co_now()
	};
	if (a)
		operation->asker = *a;
	j->trouble[0] = 0;
	for (i = 0; i < j->n; i++) {
		struct co_member *m = &j->v[i];

		m->takes_part = co_lives(m);
		m->arrived = m->finished = m->ordered = false;
		free(m->payload);
		m->payload = NULL;
		m->len = 0;
		operation->members += m->takes_part;
	}
}

static void operations_order(struct co_member *m)
{
	const struct co_operation *operation = &m->job->operation;
	cairn_ClusterMsg *msg = co_message(m->job->c, cairn_ClusterMsg_checkpoint_tag);
	cairn_Checkpoint *to = &msg->body.checkpoint;

	to->has_id = true;
	co_member_id(m, &to->id);
	to->operation = operation->id;
	to->number = operation->number;
	to->stop = kind_of(operation)->stops;
	to->check = operation->intent == cairn_Intent_INTENT_CHECK;
	to->intent = to->stop ? cairn_Intent_INTENT_STOP : operation->intent;
	to->members = operation->members;
	co_send_node(m->node, msg, NULL, 0);
}

static bool operations_unordered(const struct co_member *m)
{
	return m->takes_part && co_lives(m) && !m->arrived && !m->finished && !m->ordered &&
	       m->here && m->node->session;
}

/*
 * Once in each session of its node, which passes each one on once: what is sent as a link breaks
 * may be lost. When all have come to a first step, all have had it.
 */
bool co_operation_unordered(const struct co_job *j)
{
	const struct co_operation *operation = &j->operation;
	size_t i;

	if (!operation->active || operation->intent == cairn_Intent_INTENT_RESTART ||
	    operation->saved || operation->failed || j->said.operation == operation->id)
		return false;
	for (i = 0; i < j->n; i++)
		if (operations_unordered(&j->v[i]))
			return true;
	return false;
}

void co_operation_order(struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (operations_unordered(&j->v[i])) {
			j->v[i].ordered = true;
			operations_order(&j->v[i]);
		}
}

bool co_operation_start(struct co_job *j, cairn_Intent intent, const struct co_asker *a)
{
	struct co_checkpoint *k;
	size_t i;

	if (j->state != CO_JOB_RUNNING || j->operation.active || !co_operation_can(j))
		return false;
	operations_begin(j, intent, a);
	j->operation.number = kind_of(&j->operation)->keeps ? ++j->number : j->number;
	if (kind_of(&j->operation)->keeps) {
		k = co_checkpoint_add(j, j->operation.number);
		k->intent = intent;
		k->at = cr_now_ns(CLOCK_REALTIME) / 1000000;
		for (i = 0; i < j->n; i++)
			k->images[i].there = j->v[i].takes_part;
		co_checkpoint_save(j, k);
	}
	co_job_save(j);
	if (kind_of(&j->operation)->keeps)
		co_job_copies_due(j);
	if (co_pace(j) > 0)
		j->due_ms = co_now() + co_pace(j) * 1000;
	return true;
}

void co_operation_restore(struct co_job *j, unsigned int number)
{
	operations_begin(j, cairn_Intent_INTENT_RESTART, NULL);
	j->operation.number = number;
}

void co_operation_resume(struct co_job *j, struct co_checkpoint *k)
{
	size_t i;

	j->operation = (struct co_operation){ .active = true,
					      .intent = k->intent,
					      .id = j->operations,
					      .number = k->number,
					      .saved = true,
					      .progress_ms = co_now() };
	for (i = 0; i < j->n && i < k->n; i++) {
		j->v[i].takes_part = k->images[i].there && co_lives(&j->v[i]);
		j->operation.members += j->v[i].takes_part;
	}
}

/* For each member, by number: u32 member, u32 length, bytes. */
static bool operations_collect(struct co_job *j)
{
	struct co_told *t = &j->said;
	unsigned char *at;
	size_t len = 0, i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part)
			len += 8 + j->v[i].len;
	if (len > ADVANCE_MAX)
		return false;
	/* Links that have not sent the one before keep it. */
	cr_shared_free(t->payload);
	t->payload = cr_xcheck(cr_shared_new(len), len);
	at = t->payload->data;
	t->operation = j->operation.id;
	t->step = j->operation.step;
	for (i = 0; i < j->n; i++) {
		struct co_member *m = &j->v[i];
		uint32_t head[2] = { m->number, m->len };

		if (!m->takes_part)
			continue;
		memcpy(at, head, sizeof(head));
		if (m->len)
			memcpy(at + 8, m->payload, m->len);
		at += 8 + m->len;
		free(m->payload);
		m->payload = NULL;
		m->len = 0;
		m->arrived = false;
	}
	return true;
}

static void keep_said(struct co_job *j)
{
	co_db_write(j->c->db, CO_SQL_SAID, "iiib", (int64_t)j->id, (int64_t)j->said.operation,
		    (int64_t)j->said.step, j->said.payload->data, j->said.payload->len);
}

bool co_operation_met(const struct co_job *j)
{
	const struct co_operation *operation = &j->operation;

	return operation->active && !operation->failed && operation->members &&
	       operation->arrived == operation->members;
}

void co_operation_advance(struct co_job *j)
{
	const struct co_barrier *b = barrier_of(&j->operation, j->operation.step);
	size_t i;

	if (!operations_collect(j)) {
		co_operation_fail(j, CR_EXIT_CLUSTER,
				  "its members have too much to tell each other");
		return;
	}
	j->operation.step = cairn_Step_STEP_NONE;
	j->operation.arrived = 0;
	if (b->settle) {
		keep_said(j);
		b->settle(j);
	}
	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part && co_lives(&j->v[i]))
			send_advance(&j->v[i]);
}

/* It is not where it should be; the operation cannot go on. */
static bool out_of_order(const struct co_member *m, cairn_Step step, char *text, size_t len)
{
	const struct co_operation *operation = &m->job->operation;
	const struct co_told *said = &m->job->said;
	const struct co_barrier *at = barrier_of(operation, step), *passed = NULL;

	if (said->operation == operation->id)
		passed = barrier_of(operation, said->step);
	if (!at)
		snprintf(text, len, "member %u is at step %s, which no %s has", m->number,
			 cr_step_name(step), kind_of(operation)->name);
	else if (operation->step != step)
		snprintf(text, len, "member %u is at step %s, others at %s", m->number,
			 cr_step_name(step), cr_step_name(operation->step));
	else if (passed && at < passed)
		snprintf(text, len, "member %u is at step %s, and all have been at %s", m->number,
			 cr_step_name(step), cr_step_name(passed->step));
	else
		return false;
	return true;
}

void co_operation_arrive(struct co_member *m, const cairn_Arrive *a, const void *data, size_t len)
{
	struct co_job *j = m->job;
	struct co_operation *operation = &j->operation;
	cairn_Step step = cr_step_of(a->at, a->step);
	char text[160];

	if (a->operation == j->said.operation && step == j->said.step) {
		send_advance(m);
		return;
	}
	if (!operation->active || a->operation != operation->id || !m->takes_part) {
		send_abort(m, a->operation, CR_EXIT_CLUSTER, "given up by the coordinator");
		return;
	}
	/* The second time: its node has come back and tells all again. */
	free(m->payload);
	m->payload = cr_xmemdup(data, len);
	m->len = len;
	if (!m->arrived && !operation->arrived)
		operation->step = step;
	if (out_of_order(m, step, text, sizeof(text))) {
		co_operation_fail(j, CR_EXIT_INTERNAL, text);
		return;
	}
	operation->progress_ms = co_now();
	operation->arrived += !m->arrived;
	m->arrived = true;
	if (operation->arrived == operation->members)
		co_job_dirty(j);
}

void co_operation_fail(struct co_job *j, int status, const char *why)
{
	struct co_operation *operation = &j->operation;

	co_job_dirty(j);
	if (!operation->active || operation->failed)
		return;
	operation->failed = true;
	operation->status = status;
	snprintf(operation->why, sizeof(operation->why), "%s", why);
}

/* What it has of a checkpoint that is not committed is dropped when it is no more. */
void co_operation_abort(struct co_job *j)
{
	const struct co_kind *kind = kind_of(&j->operation);
	struct co_operation was = j->operation;
	size_t i;

	j->operation.active = false;
	if (was.intent != cairn_Intent_INTENT_CHECK)
		snprintf(j->last_error, sizeof(j->last_error), "%s", was.why);
	co_tally_fail(j, &was);
	co_job_save(j);
	co_event(j->c, kind->failed, j, NULL, -1, "%s", was.why);
	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part && co_lives(&j->v[i]))
			send_abort(&j->v[i], was.id, was.status, was.why);
	operations_answer(j, &was.asker, was.status ? was.status : CR_EXIT_CLUSTER, was.why);
	if (kind->given_up)
		kind->given_up(j, &was);
}

void co_operation_end(struct co_job *j)
{
	const struct co_kind *kind = kind_of(&j->operation);
	struct co_operation was = j->operation;

	j->operation.active = false;
	co_tally_end(j, &was);
	if (kind->ended)
		kind->ended(j, &was);
	else
		operations_answer(j, &was.asker, 0, NULL);
}

bool co_operation_saved(const struct co_job *j)
{
	const struct co_checkpoint *k = its_checkpoint(j);

	return k && j->operation.saved && !j->operation.failed && k->state != CO_COMMITTED &&
	       !k->missing;
}

void co_operation_commit(struct co_job *j)
{
	struct co_checkpoint *k = its_checkpoint(j);

	k->state = CO_COMMITTED;
	k->at = cr_now_ns(CLOCK_REALTIME) / 1000000;
	j->tries = j->failures = 0;
	j->last_error[0] = 0;
	co_checkpoint_save(j, k);
	co_job_save(j);
	co_event(j->c, "checkpoint", j, NULL, -1, "%u committed", k->number);
	co_images_retain(j);
}

/* A member is at it still. The image at its own node tells it too, should the word be lost. */
static bool busy(const struct co_job *j, const struct co_checkpoint *k)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part && !j->v[i].finished && co_lives(&j->v[i]) &&
		    !(k && co_image_at(&k->images[i], j->v[i].node->store)))
			return true;
	return false;
}

bool co_operation_done(const struct co_job *j)
{
	const struct co_checkpoint *k = its_checkpoint(j);
	const struct co_operation *operation = &j->operation;

	if (!operation->active || operation->failed ||
	    operation->intent == cairn_Intent_INTENT_RESTART)
		return false;
	if (kind_of(operation)->keeps && !(k && k->state == CO_COMMITTED))
		return false;
	return !busy(j, k);
}

void co_operation_written(struct co_member *m, const cairn_MemberEvent *e)
{
	struct co_job *j = m->job;
	struct co_checkpoint *k;

	if (e->processes)
		m->processes = e->processes;
	if (e->rss_bytes)
		m->rss_bytes = e->rss_bytes;
	if (!j->operation.active || e->operation != j->operation.id || m->finished ||
	    !m->takes_part)
		return;
	m->finished = true;
	j->operation.progress_ms = co_now();
	if (!j->operation.finished++)
		j->stall_ns = j->wall_ns = 0;
	if (e->stall_ns > j->stall_ns)
		j->stall_ns = e->stall_ns;
	if (e->wall_ns > j->wall_ns)
		j->wall_ns = e->wall_ns;
	k = its_checkpoint(j);
	if (k) {
		k->stall_ns = j->stall_ns;
		k->wall_ns = j->wall_ns;
	}
	if (k)
		co_image_set(j, k, m->number, m->node->store, cairn_HoldingState_HOLDING_COMPLETE,
			     e->image_bytes);
	if (j->operation.finished == j->operation.members)
		co_job_copies_due(j);
	co_job_dirty(j);
}

void co_operation_finding(struct co_member *m, const cairn_MemberFinding *f)
{
	struct co_job *j = m->job;
	cairn_Reply *r;

	if (!j->operation.active || j->operation.intent != cairn_Intent_INTENT_CHECK ||
	    !j->operation.asker.session)
		return;
	r = co_reply_begin(j->c);
	r->which_row = cairn_Reply_finding_tag;
	r->row.finding = *f;
	r->row.finding.has_id = false;
	r->row.finding.member = m->number;
	co_reply(j->c, &j->operation.asker, r);
}

bool co_operation_overdue(const struct co_job *j, int64_t now)
{
	return j->operation.active && !j->operation.saved && !j->operation.failed &&
	       now >= co_operation_deadline(j);
}

void co_operation_late(struct co_job *j)
{
	const struct co_barrier *b = barrier_of(&j->operation, j->operation.step);
	const char *brings = b && b->brings ? b->brings : NULL;
	char text[200];
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].takes_part && !j->v[i].arrived)
			break;
	snprintf(text, sizeof(text), "member %zu did not come to step %s in time%s%s", i,
		 b ? cr_step_name(b->step) : "1", brings ? " to tell the others " : "",
		 brings ? brings : "");
	co_operation_fail(j, CR_EXIT_TIMEOUT, text);
}

/* All is written: only copies are waited for. Who sends them tells when he gives up. */
bool co_operation_stalled(const struct co_job *j, int64_t now)
{
	const struct co_checkpoint *k = its_checkpoint(j);

	return k && j->operation.saved && !j->operation.failed && k->state != CO_COMMITTED &&
	       now >= co_operation_deadline(j) && !co_images_coming(k) && !busy(j, k);
}

void co_operation_uncopied(struct co_job *j)
{
	char text[sizeof(j->trouble) + 64];

	snprintf(text, sizeof(text), "no copy on other nodes%s%s", *j->trouble ? ": " : "",
		 j->trouble);
	co_operation_fail(j, CR_EXIT_IO, text);
}

int64_t co_operation_deadline(const struct co_job *j)
{
	const struct co_operation *operation = &j->operation;

	if (operation->saved)
		return operation->progress_ms + STALLED_MS;
	return operation->progress_ms + kind_of(operation)->step_ms;
}
