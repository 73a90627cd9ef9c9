// SPDX-License-Identifier: Apache-2.0
//
// What is decided about a job: one table, from top to bottom. What happens changes facts elsewhere
// and marks the job dirty; here the first rule whose condition holds is applied, then the table is
// read again, until none holds. So a coordinator that was started again does the same as one that
// was not: it has the facts of its database, and those that nodes tell. A rule that was applied
// holds no more until a fact changes or its time comes: co_reconcile() twice is as once.
//
//   STARTING ------> RUNNING <-------------------- RESTARTING, STARTING
//      |                |                                 |   ^
//      +----------------+--> ENDING (kill, until <--------+   |
//                              |     all are dead)            |
//                              +--> WAITING --> SHIPPING -----+
//                              +--> STOPPED, ENDED, FAILED, LOST
//
// Each arrow is in the database before anybody is told.
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "coordinator/operations.h"
#include "coordinator/hurry.h"
#include "coordinator/images.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/move.h"
#include "coordinator/nodes.h"
#include "coordinator/placement.h"
#include "coordinator/reconcile.h"
#include "coordinator/recovery.h"
#include "coordinator/replies.h"
#include "coordinator/requests.h"

#define COPIES_MS 3000 /* copies are looked at again */
#define KILL_MS 1000 /* who lives still is killed again */
#define AGAIN_MS 500 /* until it is tried again to place a job */
#define POLL_MS 200
#define STEPS_MOST 64 /* of one job in one go */
#define JOBS_MOST 256 /* in one turn of the loop */

static bool is_any(const struct co_job *j, enum co_life life)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].life == life)
			return true;
	return false;
}

/* ---- copies ---- */

static bool copies_due(const struct co_job *j, int64_t now)
{
	return j->checkpoints && now >= j->copies_ms;
}

/* One that has ended for good is looked at when nodes come and go. */
static void reconcile_copies(struct co_job *j, int64_t now)
{
	j->copies_ms = j->state == CO_JOB_ENDED ? CO_FOREVER : now + COPIES_MS;
	co_images_reconcile(j);
}

/* A checkpoint that is not committed, and that nobody is at: given up, or left by another life. */
static struct co_checkpoint *find_stray(const struct co_job *j)
{
	const struct co_operation *operation = &j->operation;
	bool saves = operation->active && operation->intent != cairn_Intent_INTENT_CHECK;
	struct co_checkpoint *k = j->checkpoints;

	while (k && (k->state == CO_COMMITTED || (saves && k->number == operation->number)))
		k = k->next;
	return k;
}

static bool has_stray(const struct co_job *j, int64_t now)
{
	return find_stray(j);
}

static void drop_stray(struct co_job *j, int64_t now)
{
	co_checkpoint_drop(j, find_stray(j));
}

/* ---- what its members do together ---- */

static bool reconcile_unordered(const struct co_job *j, int64_t now)
{
	return co_operation_unordered(j);
}

static void give_order(struct co_job *j, int64_t now)
{
	co_operation_order(j);
}

static bool all_arrived(const struct co_job *j, int64_t now)
{
	return co_operation_met(j);
}

static void advance(struct co_job *j, int64_t now)
{
	co_operation_advance(j);
}

static bool all_saved(const struct co_job *j, int64_t now)
{
	return co_operation_saved(j);
}

static void reconcile_commit(struct co_job *j, int64_t now)
{
	co_operation_commit(j);
}

static const struct co_member *left_it(const struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n && j->operation.active && !j->operation.failed; i++)
		if (j->v[i].takes_part && !j->v[i].finished && j->v[i].life == CO_NONE)
			return &j->v[i];
	return NULL;
}

static bool one_left(const struct co_job *j, int64_t now)
{
	return left_it(j);
}

static void fail_left(struct co_job *j, int64_t now)
{
	char text[64];

	snprintf(text, sizeof(text), "member %u ended meanwhile", left_it(j)->number);
	co_operation_fail(j, CR_EXIT_CLUSTER, text);
}

static bool all_done(const struct co_job *j, int64_t now)
{
	return co_operation_done(j);
}

static void end_operation(struct co_job *j, int64_t now)
{
	co_operation_end(j);
}

/* Its last image may be without a copy still; nobody needs it now. */
static bool all_left(const struct co_job *j, int64_t now)
{
	return j->operation.active && !j->operation.failed && !j->live && !is_any(j, CO_DEAD);
}

static void fail_all_left(struct co_job *j, int64_t now)
{
	co_operation_fail(j, CR_EXIT_NOT_FOUND, "the job has ended");
}

static void fail_late(struct co_job *j, int64_t now)
{
	co_operation_late(j);
}

static void fail_uncopied(struct co_job *j, int64_t now)
{
	co_operation_uncopied(j);
}

static bool in_vain(const struct co_job *j, int64_t now)
{
	return j->operation.active && !j->operation.failed;
}

static void fail_in_vain(struct co_job *j, int64_t now)
{
	co_operation_fail(j, CR_EXIT_CLUSTER, *j->why ? j->why : "the job is being ended");
}

static bool operation_failed(const struct co_job *j, int64_t now)
{
	return j->operation.active && j->operation.failed;
}

static void abort_operation(struct co_job *j, int64_t now)
{
	bool moves = j->operation.intent == cairn_Intent_INTENT_MOVE;

	co_operation_abort(j);
	if (moves)
		co_move_fail(j, j->operation.status ? j->operation.status : CR_EXIT_CLUSTER,
			     j->operation.why);
}

/* ---- its end, and the way back ---- */

static void begin_end(struct co_job *j, enum co_state after, const char *why)
{
	char text[sizeof(j->why)];

	snprintf(text, sizeof(text), "%s", why);
	if (after == CO_JOB_WAITING)
		j->epoch++;
	j->fault.is = j->want.is = false;
	j->due_ms = CO_FOREVER;
	j->copies_ms = j->retry_ms = 0;
	j->kills = 0;
	j->after = after;
	co_plan_free(j);
	co_job_set(j, CO_JOB_ENDING, text);
}

static bool reconcile_wanted(const struct co_job *j, int64_t now)
{
	return j->want.is;
}

static void as_wanted(struct co_job *j, int64_t now)
{
	begin_end(j, j->want.after, j->want.why);
}

/* A restart that we do not know how far it has come is begun again. */
static bool restart_lost(const struct co_job *j)
{
	return j->state == CO_JOB_RESTARTING && !j->operation.active;
}

/* What was noted, or what the books say. */
static struct co_fault fault_of(const struct co_job *j)
{
	if (j->fault.is)
		return j->fault;
	if (restart_lost(j))
		return (struct co_fault){ true, CO_ASKED, false, 0,
					  "begun again: the coordinator was restarted" };
	return (struct co_fault){ is_any(j, CO_DEAD), CO_NODE_FAULT, false, 0,
				  "a member was lost" };
}

static void reconcile_note(struct co_job *j, const struct co_fault *f)
{
	j->own_faults += f->cause == CO_OWN_FAULT;
	if (f->cause != CO_ASKED)
		snprintf(j->last_error, sizeof(j->last_error), "%s", f->why);
}

static bool faulty(const struct co_job *j, int64_t now)
{
	return fault_of(j).is;
}

static bool not_started(const struct co_job *j, int64_t now)
{
	return j->fault.is && j->fault.final;
}

static void give_up_start(struct co_job *j, int64_t now)
{
	j->status = j->fault.status;
	begin_end(j, CO_JOB_FAILED, j->fault.why);
}

static bool stops_at_fault(const struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);

	return f.is && f.cause != CO_ASKED && j->policy.stop_on_failure;
}

static void stop_at_fault(struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);

	reconcile_note(j, &f);
	begin_end(j, CO_JOB_FAILED, f.why);
}

static bool too_often(const struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);

	return f.is && f.cause == CO_OWN_FAULT && j->tries + 1 > j->policy.max_restarts;
}

static void reconcile_give_up(struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);
	char text[sizeof(j->why)];

	reconcile_note(j, &f);
	snprintf(text, sizeof(text), "failed %u times without a new checkpoint: %.180s", ++j->tries,
		 f.why);
	begin_end(j, CO_JOB_FAILED, text);
}

/* From the beginning: only if the cluster has the command of what it all began with. */
static bool no_way_back(const struct co_job *j, int64_t now)
{
	return faulty(j, now) && !j->checkpoints && !(j->n && j->v[0].commanded);
}

static void lose(struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);
	char text[sizeof(j->why)];

	reconcile_note(j, &f);
	j->tries += f.cause == CO_OWN_FAULT;
	snprintf(text, sizeof(text), "%.160s; before its first checkpoint", f.why);
	begin_end(j, CO_JOB_LOST, text);
}

static void go_back(struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);

	reconcile_note(j, &f);
	j->tries += f.cause == CO_OWN_FAULT;
	if (!j->checkpoints)
		cr_say("job %s: begins again: there is no checkpoint yet", j->name);
	begin_end(j, CO_JOB_WAITING, f.why);
}

/* ---- it is being moved ---- */

static bool stands_still(const struct co_job *j, int64_t now)
{
	return co_move_has_stopped(j);
}

static void go_away(struct co_job *j, int64_t now)
{
	co_move_away(j);
	begin_end(j, CO_JOB_WAITING, j->move.why);
}

/* Before it was stopped: a fault as any other. */
static bool failed_before_move(const struct co_job *j, int64_t now)
{
	return j->move.stage && j->move.stage < cairn_MoveStage_MOVE_COPY && faulty(j, now);
}

static void forget_move(struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);

	co_move_fail(j, CR_EXIT_CLUSTER, f.why);
}

/* At the start where it is to be: no fault of the job, which was well where it was. */
static bool failed_in_move(const struct co_job *j, int64_t now)
{
	return j->move.stage == cairn_MoveStage_MOVE_START &&
	       (j->fault.is || (faulty(j, now) && !restart_lost(j)));
}

static void come_back(struct co_job *j, int64_t now)
{
	struct co_fault f = fault_of(j);
	char why[sizeof(j->why)];

	reconcile_note(j, &f);
	co_move_fail(j, CR_EXIT_CLUSTER, f.why);
	snprintf(why, sizeof(why), "could not be moved: %.200s", f.why);
	begin_end(j, CO_JOB_WAITING, why);
}

static bool move_over(const struct co_job *j, int64_t now)
{
	return co_move_is_over(j);
}

static void end_move(struct co_job *j, int64_t now)
{
	co_move_end(j);
}

static bool copy_failed(const struct co_job *j, int64_t now)
{
	return co_move_uncopied(j);
}

static void give_up_copy(struct co_job *j, int64_t now)
{
	co_move_not_copied(j);
}

static void tell_wait(struct co_job *j, int64_t now)
{
	co_move_tell_wait(j);
}

static bool to_be_moved(const struct co_job *j, int64_t now)
{
	return co_move_is_due(j);
}

static bool nobody(const struct co_job *j, int64_t now)
{
	return !j->n;
}

static void lose_nobody(struct co_job *j, int64_t now)
{
	co_job_set(j, CO_JOB_LOST, j->why);
}

static bool all_ended(const struct co_job *j, int64_t now)
{
	return !j->live;
}

static void reconcile_end(struct co_job *j, int64_t now)
{
	co_job_set(j, CO_JOB_ENDED, "");
	/* It has done what it was for. After a failure of its own somebody may want to go back. */
	while (!j->status && j->checkpoints)
		co_checkpoint_drop(j, j->checkpoints);
}

static bool reconcile_kill_due(const struct co_job *j, int64_t now)
{
	return j->live && now >= j->retry_ms;
}

static void kill_members(struct co_job *j, int64_t now)
{
	co_kill_all(j);
	j->retry_ms = now + KILL_MS;
}

static bool all_dead(const struct co_job *j, int64_t now)
{
	return !j->live;
}

static void be_dead(struct co_job *j, int64_t now)
{
	char why[sizeof(j->why)];
	size_t i;

	snprintf(why, sizeof(why), "%s", j->why);
	for (i = 0; i < j->n && j->after != CO_JOB_WAITING; i++)
		j->v[i].life = CO_NONE;
	j->retry_ms = 0;
	co_job_set(j, j->after, why);
}

/* ---- its beginning ---- */

static bool all_run(const struct co_job *j, int64_t now)
{
	return j->live && !is_any(j, CO_STARTING);
}

static void begin_running(struct co_job *j, int64_t now)
{
	size_t i;

	/* From now on one that is found as starting is one that joins, and has not yet. */
	for (i = 0; i < j->n; i++)
		if (j->v[i].life == CO_RUNNING)
			co_member_save(&j->v[i]);
	if (co_pace(j) > 0)
		j->due_ms = now + (co_pace(j) < 1 ? co_pace(j) * 1000 : 1000);
	co_job_set(j, CO_JOB_RUNNING, "");
}

/* Half started, when the coordinator was. */
static bool some_live(const struct co_job *j, int64_t now)
{
	return j->live;
}

static void begin_again(struct co_job *j, int64_t now)
{
	begin_end(j, CO_JOB_WAITING, "begun again: the coordinator was restarted");
}

static bool may_try(const struct co_job *j, int64_t now)
{
	return now >= j->retry_ms && co_settled(j->c);
}

static void reconcile_wait_for(struct co_job *j, const char *why, int64_t now)
{
	j->retry_ms = now + AGAIN_MS;
	if (j->state != CO_JOB_WAITING || strcmp(j->why, why))
		co_job_set(j, CO_JOB_WAITING, why);
}

static struct co_checkpoint *newest(const struct co_job *j)
{
	const char *why;

	return co_checkpoint_good((struct co_job *)j, &why);
}

static bool no_image(const struct co_job *j, int64_t now)
{
	return may_try(j, now) && j->checkpoints && !newest(j);
}

static void wait_for_image(struct co_job *j, int64_t now)
{
	const char *why = "";

	co_checkpoint_good(j, &why);
	co_move_fail(j, CR_EXIT_NO_NODE, why);
	reconcile_wait_for(j, why, now);
}

static bool no_plan(const struct co_job *j, int64_t now)
{
	return may_try(j, now) && !co_plan_holds(j);
}

static void reconcile_make_plan(struct co_job *j, int64_t now)
{
	char why[CR_PLACE_WHY];

	if (co_plan(j, newest(j), false, why))
		return;
	if (co_move_may_return(j))
		co_move_fail(j, CR_EXIT_NO_NODE, why);
	else
		reconcile_wait_for(j, why, now);
}

static bool images_away(const struct co_job *j, int64_t now)
{
	const struct co_checkpoint *k = may_try(j, now) ? newest(j) : NULL;

	return k && !co_plan_has_images(j, k);
}

static void ship_images(struct co_job *j, int64_t now)
{
	co_plan_ship(j, newest(j));
	j->retry_ms = now + AGAIN_MS;
	if (j->state != CO_JOB_SHIPPING)
		co_job_set(j, CO_JOB_SHIPPING, "images are brought to where it goes on");
}

static void reconcile_start(struct co_job *j, int64_t now)
{
	co_move_starts(j);
	co_plan_start(j, newest(j));
}

/* ---- while it runs ---- */

static bool ask_next(const struct co_job *j, int64_t now)
{
	return co_asks_can(j);
}

static void do_next(struct co_job *j, int64_t now)
{
	co_asks_next(j);
}

static bool is_drained(const struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (co_lives(&j->v[i]) && (j->v[i].node->draining || j->v[i].node->leaving))
			return true;
	return false;
}

static bool drain_due(const struct co_job *j, int64_t now)
{
	return !j->move.stage && !j->operation.active && now >= j->retry_ms && is_drained(j);
}

static void leave_drained(struct co_job *j, int64_t now)
{
	static const struct co_moving leave = { CO_MOVE_DRAINED, NULL,
						"moved off a node that is drained", NULL, NULL };
	struct cr_err err = { 0 };

	if (!co_hurry_turn(j)) {
		j->retry_ms = now + POLL_MS;
		return;
	}
	j->retry_ms = now + AGAIN_MS;
	if (!co_move(j, &leave, &err))
		return;
	j->refused_ms = now;
	if (strcmp(j->why, err.text))
		co_job_set(j, CO_JOB_RUNNING, err.text);
	co_drain_stuck(j, err.text);
}

/* Not beside those that hurry away from a node. */
static bool checkpoint_due(const struct co_job *j, int64_t now)
{
	return !j->operation.active && now >= j->due_ms && !co_hurry_is(j);
}

static void begin_checkpoint(struct co_job *j, int64_t now)
{
	if (!co_operation_start(j, cairn_Intent_INTENT_CHECKPOINT, NULL))
		j->due_ms = now + 1000;
}

/* ---- the table ---- */

#define IN(state) (1u << CO_JOB_##state)
#define OVER (IN(STOPPED) | IN(ENDED) | IN(FAILED) | IN(LOST))
#define ALIVE (IN(STARTING) | IN(RUNNING) | IN(RESTARTING))
#define HALTED (IN(WAITING) | IN(SHIPPING))
#define ANY (OVER | ALIVE | HALTED | IN(ENDING) | IN(FORGOTTEN))

static const struct rule {
	unsigned int in; /* states that it is for */
	const char *name;
	bool (*when)(const struct co_job *j, int64_t now);
	void (*act)(struct co_job *j, int64_t now);
	unsigned int next; /* states that may be the next; 0: it stays */
} rules[] = {
	/* What its members do together. What is there may be enough, so first of all it is seen
	 * whether it is: what is committed is not lost by what comes below. */
	{ IN(RUNNING), "some have not been told of the operation", reconcile_unordered, give_order,
	  0 },
	{ ANY, "copies are due to be looked at", copies_due, reconcile_copies, 0 },
	{ IN(RUNNING), "all have come to the step", all_arrived, advance, 0 },
	{ IN(RESTARTING), "all have come to the step", all_arrived, advance, IN(RUNNING) },
	{ IN(RUNNING), "all is saved and copied", all_saved, reconcile_commit, 0 },
	{ IN(RUNNING), "one who takes part has ended", one_left, fail_left, 0 },
	{ IN(RUNNING), "all have done their part", all_done, end_operation, 0 },
	{ IN(RUNNING), "all who take part have ended", all_left, fail_all_left, 0 },
	{ IN(RUNNING) | IN(RESTARTING), "a member is late", co_operation_overdue, fail_late, 0 },
	{ IN(RUNNING), "copies do not come", co_operation_stalled, fail_uncopied, 0 },
	{ IN(ENDING), "the operation is in vain", in_vain, fail_in_vain, 0 },
	{ ALIVE | IN(ENDING), "the operation has failed", operation_failed, abort_operation, 0 },
	{ ANY, "a checkpoint is nobody's", has_stray, drop_stray, 0 },

	/* Its end, and the way back. */
	{ ANY & ~IN(FORGOTTEN), "somebody wants that", reconcile_wanted, as_wanted, IN(ENDING) },
	{ IN(RUNNING), "it stands still to be moved", stands_still, go_away, IN(ENDING) },
	{ IN(RUNNING), "it has failed before it was moved", failed_before_move, forget_move, 0 },
	{ IN(RESTARTING), "it could not be moved", failed_in_move, come_back, IN(ENDING) },
	{ IN(RUNNING) | OVER | IN(FORGOTTEN), "its move is over", move_over, end_move, 0 },
	{ IN(STARTING), "it cannot be started", not_started, give_up_start, IN(ENDING) },
	{ ALIVE, "it is to stop at a fault", stops_at_fault, stop_at_fault, IN(ENDING) },
	{ ALIVE, "it has failed too often", too_often, reconcile_give_up, IN(ENDING) },
	{ ALIVE, "there is nothing to go back to", no_way_back, lose, IN(ENDING) },
	{ ALIVE, "a fault", faulty, go_back, IN(ENDING) },
	{ IN(STARTING), "it has no members", nobody, lose_nobody, IN(LOST) },
	{ IN(STARTING) | IN(RUNNING), "all have ended", all_ended, reconcile_end, IN(ENDED) },
	{ IN(ENDING), "somebody lives still", reconcile_kill_due, kill_members, 0 },
	{ IN(ENDING), "all are dead", all_dead, be_dead, OVER | IN(WAITING) },

	/* Its beginning. */
	{ HALTED, "it was half started", some_live, begin_again, IN(ENDING) },
	{ HALTED, "no image to start from", no_image, wait_for_image, IN(WAITING) },
	{ HALTED, "it has no place", no_plan, reconcile_make_plan, IN(WAITING) },
	{ HALTED, "its copy does not come", copy_failed, give_up_copy, 0 },
	{ HALTED, "it can go neither there nor back", co_move_waits, tell_wait, 0 },
	{ HALTED, "images are elsewhere", images_away, ship_images, IN(SHIPPING) },
	{ HALTED, "all is there", may_try, reconcile_start, IN(STARTING) | IN(RESTARTING) },
	{ IN(STARTING), "all run", all_run, begin_running, IN(RUNNING) },

	/* While it runs. */
	{ IN(RUNNING), "a request has its turn", ask_next, do_next, 0 },
	{ IN(RUNNING), "it is to be moved", to_be_moved, co_move_stop, 0 },
	{ IN(RUNNING), "a node of it is drained", drain_due, leave_drained, 0 },
	{ IN(RUNNING), "a checkpoint is due", checkpoint_due, begin_checkpoint, 0 },
};

static const struct rule *reconcile_step(struct co_job *j, int64_t now)
{
	unsigned int was = 1u << j->state;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];

		if (!(r->in & was) || !r->when(j, now))
			continue;
		r->act(j, now);
		if (!((r->next | was) & 1u << j->state))
			cr_say("job %s: \"%s\" ends in a wrong state", j->name, r->name);
		return r;
	}
	return NULL;
}

const char *co_reconcile_step(struct co_job *j, int64_t now)
{
	const struct rule *r = reconcile_step(j, now);

	return r ? r->name : NULL;
}

/* ---- when ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When a rule may hold that does not now, though no fact changes. */
static int64_t next_look(const struct co_job *j, int64_t now)
{
	int64_t at = j->checkpoints ? j->copies_ms : CO_FOREVER;

	if (j->operation.active)
		at = earlier(at, co_operation_deadline(j));
	if (j->state == CO_JOB_ENDING || j->state == CO_JOB_WAITING || j->state == CO_JOB_SHIPPING)
		at = earlier(at, j->retry_ms);
	if (j->state == CO_JOB_RUNNING && !j->operation.active) {
		at = earlier(at, j->due_ms);
		if (j->asks || j->move.stage)
			at = earlier(at, now + POLL_MS);
		if (is_drained(j))
			at = earlier(at, j->retry_ms);
	}
	/* It is past already: something else is waited for. */
	return at <= now ? now + POLL_MS : at;
}

void co_reconcile(struct co_job *j)
{
	int64_t now = co_now();
	unsigned int i;

	for (i = 0; i < STEPS_MOST && reconcile_step(j, now); i++) {
		/* Who waits for a state has his answer even if it does not last. */
		if (j->changed)
			co_waiters_look(j);
		j->changed = false;
	}
	if (j->changed)
		co_waiters_look(j);
	j->changed = false;
	j->wake_ms = next_look(j, now);
}

void co_wake(struct co *c, int64_t now)
{
	size_t i;

	for (i = 0; i < c->jobs.n; i++)
		if (now >= c->jobs.v[i]->wake_ms)
			co_job_dirty(c->jobs.v[i]);
}

void co_work(struct co *c)
{
	struct co_job *j;
	unsigned int n;

	for (n = 0; n < JOBS_MOST && (j = c->dirty); n++) {
		c->dirty = j->next_dirty;
		co_reconcile(j);
		j->dirty = false;
	}
	if (c->dirty)
		event_active(c->work, EV_TIMEOUT, 0);
}
