// SPDX-License-Identifier: Apache-2.0
//
// Members go to other nodes though nothing has failed: an operator asks for it, a node is drained,
// or something bad is seen coming. All members of the job stop with a checkpoint, of which those
// that go are restarted elsewhere, the others where they are. Until it is committed nothing has
// happened; afterwards the job goes back to where it was if it cannot be started as is wanted: what
// fails is the move, never the job. What has been decided is in the database, so that the next
// coordinator goes on with it. When what is done, is reconcile.c's.
#include <stdio.h>
#include <string.h>

#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/move.h"
#include "coordinator/nodes.h"
#include "coordinator/operations.h"
#include "coordinator/placement.h"
#include "coordinator/recovery.h"
#include "coordinator/replies.h"

/* ---- the books ---- */

static void move_save(const struct co_job *j)
{
	const struct co_move *v = &j->move;

	co_db_write(j->c->db, CO_SQL_MOVE, "iiititiiiit", (int64_t)j->id, (int64_t)v->stage,
		    (int64_t)v->member, v->to ? v->to->hello.name : "", (int64_t)v->number, v->why,
		    v->stopped_ms, v->saved_ms, v->started_ms, (int64_t)v->status, v->error);
}

static void on_move(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_by_id(arg, sqlite3_column_int64(s, 0));
	struct co_move *v = j ? &j->move : NULL;

	if (!v)
		return;
	v->stage = sqlite3_column_int(s, 1);
	v->member = sqlite3_column_int(s, 2);
	v->to = co_node_find(arg, (const char *)sqlite3_column_text(s, 3));
	v->number = sqlite3_column_int64(s, 4);
	snprintf(v->why, sizeof(v->why), "%s", (const char *)sqlite3_column_text(s, 5));
	v->stopped_ms = sqlite3_column_int64(s, 6);
	v->saved_ms = sqlite3_column_int64(s, 7);
	v->started_ms = sqlite3_column_int64(s, 8);
	v->status = sqlite3_column_int(s, 9);
	snprintf(v->error, sizeof(v->error), "%s", (const char *)sqlite3_column_text(s, 10));
}

void co_move_load(struct co *c)
{
	co_db_read(c->db, CO_SQL_MOVES, on_move, c, "");
}

static const struct co_member *first_that_goes(const struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].home)
			return &j->v[i];
	return NULL;
}

static void set_home(struct co_member *m, struct co_node *home)
{
	if (m->home == home)
		return;
	m->home = home;
	co_member_save(m);
}

static void send_home(struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		set_home(&j->v[i], NULL);
}

static void move_free(struct co_job *j)
{
	send_home(j);
	co_db_write(j->c->db, CO_SQL_MOVE_REMOVE, "i", (int64_t)j->id);
	j->move = (struct co_move){ 0 };
	co_job_dirty(j);
}

/* ---- what is said of it ---- */

static int64_t part(int64_t from, int64_t to)
{
	return from && to > from ? to - from : 0;
}

static int64_t or_now(int64_t ms)
{
	return ms ? ms : co_now();
}

static uint64_t bytes_of(const struct co_job *j)
{
	const struct co_checkpoint *k = co_checkpoint((struct co_job *)j, j->move.number);
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; k && i < k->n && i < j->n; i++)
		if (j->v[i].home && k->images[i].holdings.n)
			bytes += k->images[i].holdings.v[0].bytes;
	return bytes;
}

static void fill_row(const struct co_job *j, cairn_MoveRow *row)
{
	const struct co_member *m = first_that_goes(j);
	const struct co_move *v = &j->move;

	snprintf(row->job, sizeof(row->job), "%s", j->name);
	row->member = v->member < 0 ? CO_MOVE_ALL : v->member;
	row->stage = v->stage;
	if (m)
		snprintf(row->from, sizeof(row->from), "%s", m->home->hello.name);
	if (m && v->to)
		snprintf(row->to, sizeof(row->to), "%s", v->to->hello.name);
	else if (m && m->node && m->node != m->home)
		snprintf(row->to, sizeof(row->to), "%s", m->node->hello.name);
	row->down_ms = part(v->stopped_ms, co_now());
	row->stop_ms = part(v->stopped_ms, or_now(v->saved_ms));
	row->copy_ms = part(v->saved_ms, or_now(v->started_ms));
	row->start_ms = part(v->started_ms, co_now());
	row->number = v->number;
	row->bytes = bytes_of(j);
}

static void move_tell(struct co_job *j, bool last)
{
	cairn_Reply *r;

	if (!j->move.asker.session)
		return;
	r = co_reply_begin(j->c);
	r->last = last;
	r->which_row = cairn_Reply_move_tag;
	fill_row(j, &r->row.move);
	co_reply(j->c, &j->move.asker, r);
}

static void set_stage(struct co_job *j, cairn_MoveStage stage)
{
	j->move.stage = stage;
	move_save(j);
	move_tell(j, false);
	co_job_dirty(j);
}

/* ---- its beginning ---- */

static int check_job(const struct co_job *j, struct cr_err *err)
{
	if (co_job_over(j))
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0, "job %s does not run: %s", j->name,
			       co_job_state(j));
	if (j->move.stage)
		return cr_fail(err, CR_EXIT_EXISTS, 0, "job %s is being moved already: %s", j->name,
			       j->move.why);
	if (j->state != CO_JOB_RUNNING)
		return cr_fail(err, CR_EXIT_NO_NODE, 0,
			       "job %s is %s%s%s: it can be moved when it runs", j->name,
			       co_job_state(j), *j->why ? ", " : "", j->why);
	return 0;
}

static bool is_meant(const struct co_member *m, const struct co_moving *what)
{
	if (!co_lives(m) || m->node == what->to)
		return false;
	if (what->member == CO_MOVE_DRAINED)
		return m->node->draining || m->node->leaving;
	if (what->member == CO_MOVE_FROM)
		return m->node == what->from;
	return what->member == CO_MOVE_ALL || (unsigned int)what->member == m->number;
}

/* The newest image is as large as the next one may be. */
static int check_room(const struct co_job *j, const struct co_moving *what, struct cr_err *err)
{
	const struct co_checkpoint *k = j->checkpoints;
	uint64_t need = 0;
	size_t i;

	while (k && k->state != CO_COMMITTED)
		k = k->next;
	for (i = 0; k && what->to && i < k->n && i < j->n; i++)
		if (is_meant(&j->v[i], what) && j->v[i].node->store != what->to->store &&
		    k->images[i].holdings.n)
			need += k->images[i].holdings.v[0].bytes;
	if (!need || need <= what->to->hello.store_free)
		return 0;
	return cr_fail(err, CR_EXIT_NO_NODE, 0,
		       "%s has no room in its store: %llu MiB are free, the last checkpoint of "
		       "what is to go there has %llu MiB",
		       what->to->hello.name, (unsigned long long)(what->to->hello.store_free >> 20),
		       (unsigned long long)((need >> 20) + 1));
}

/* Fills in who goes. */
static int choose(struct co_job *j, const struct co_moving *what, struct cr_err *err)
{
	unsigned int n = 0, number = what->member;
	size_t i;

	if (what->member >= 0 && (number >= j->n || !co_lives(&j->v[number])))
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0, "job %s has no member %u that runs",
			       j->name, number);
	for (i = 0; i < j->n; i++)
		if (is_meant(&j->v[i], what)) {
			set_home(&j->v[i], j->v[i].node);
			n++;
		}
	if (n)
		return 0;
	if (what->member >= 0 && what->to)
		return cr_fail(err, CR_EXIT_EXISTS, 0, "member %u of job %s is on %s already",
			       number, j->name, what->to->hello.name);
	return cr_fail(err, CR_EXIT_EXISTS, 0, "job %s is %s%s already", j->name,
		       what->to ? "on " : "elsewhere", what->to ? what->to->hello.name : "");
}

static void tell_beginning(struct co_job *j)
{
	const struct co_member *m = first_that_goes(j);
	const struct co_move *v = &j->move;

	co_event(j->c, "move", j, v->to ? v->to : m->home, v->member < 0 ? -1 : v->member,
		 "from %s%s to %s: %s", m->home->hello.name, v->member < 0 ? " and others" : "",
		 v->to ? v->to->hello.name : "where it fits", v->why);
}

int co_move(struct co_job *j, const struct co_moving *what, struct cr_err *err)
{
	char why[CR_PLACE_WHY];
	int ret = check_job(j, err);

	if (ret)
		return ret;
	j->move = (struct co_move){ .stage = cairn_MoveStage_MOVE_AHEAD,
				    .member = what->member,
				    .to = what->to };
	snprintf(j->move.why, sizeof(j->move.why), "%s", what->why);
	ret = choose(j, what, err);
	if (!ret && !co_plan(j, NULL, true, why))
		ret = cr_fail(err, CR_EXIT_NO_NODE, 0, "%s", why);
	if (!ret)
		ret = check_room(j, what, err);
	co_plan_free(j);
	if (ret) {
		send_home(j);
		j->move.stage = cairn_MoveStage_MOVE_NONE;
		return ret;
	}
	if (what->asker)
		j->move.asker = *what->asker;
	tell_beginning(j);
	set_stage(j, cairn_MoveStage_MOVE_AHEAD);
	return 0;
}

/* ---- its course ---- */

bool co_move_has_stopped(const struct co_job *j)
{
	const struct co_checkpoint *k;

	if (j->move.stage != cairn_MoveStage_MOVE_STOP || j->operation.active)
		return false;
	k = co_checkpoint((struct co_job *)j, j->move.number);
	return k && k->state == CO_COMMITTED;
}

/*
 * Its order to stop may be one that was given up with the coordinator that gave it. While one that
 * has just begun may start nobody, nobody need stand still for it.
 */
bool co_move_is_due(const struct co_job *j)
{
	return (j->move.stage == cairn_MoveStage_MOVE_AHEAD ||
		j->move.stage == cairn_MoveStage_MOVE_STOP) &&
	       !j->operation.active && co_settled(j->c) && co_operation_can(j);
}

/* The plan is kept: it says where copies go first. */
void co_move_stop(struct co_job *j, int64_t now)
{
	char why[CR_PLACE_WHY];

	if (!co_plan(j, NULL, true, why)) {
		co_move_fail(j, CR_EXIT_NO_NODE, why);
		return;
	}
	if (!co_operation_start(j, cairn_Intent_INTENT_MOVE, NULL))
		return;
	j->move.number = j->operation.number;
	j->move.stopped_ms = now;
	set_stage(j, cairn_MoveStage_MOVE_STOP);
}

void co_move_away(struct co_job *j)
{
	j->move.saved_ms = co_now();
	set_stage(j, cairn_MoveStage_MOVE_COPY);
}

static const struct co_holding *failed_copy(const struct co_job *j)
{
	const struct co_checkpoint *k = co_checkpoint((struct co_job *)j, j->move.number);
	size_t i, h;

	for (i = 0; k && j->plan && i < k->n && i < j->n; i++)
		for (h = 0; j->plan[i] && h < k->images[i].holdings.n; h++) {
			const struct co_holding *one = &k->images[i].holdings.v[h];

			if (j->v[i].home && one->store == j->plan[i]->store && !one->ordered &&
			    one->state != cairn_HoldingState_HOLDING_COMPLETE &&
			    one->failed_ms >= j->move.saved_ms)
				return one;
		}
	return NULL;
}

bool co_move_uncopied(const struct co_job *j)
{
	return j->move.stage == cairn_MoveStage_MOVE_COPY && failed_copy(j);
}

void co_move_not_copied(struct co_job *j)
{
	char text[sizeof(j->trouble) + 64];

	snprintf(text, sizeof(text), "its checkpoint cannot be copied%s%s", *j->trouble ? ": " : "",
		 j->trouble);
	co_move_fail(j, CR_EXIT_IO, text);
}

void co_move_starts(struct co_job *j)
{
	if (j->move.stage != cairn_MoveStage_MOVE_COPY)
		return;
	j->move.started_ms = co_now();
	set_stage(j, cairn_MoveStage_MOVE_START);
}

/* ---- its end ---- */

static void answer_failure(struct co_job *j)
{
	const struct co_move *v = &j->move;
	const struct co_member *m = first_that_goes(j);
	const char *now = co_job_state(j);

	if (j->state == CO_JOB_RUNNING)
		now = "it goes on";
	co_reply_error(j->c, &v->asker, v->status, "job %s was not moved: %s; %s%s%s", j->name,
		       v->error, now, j->state == CO_JOB_RUNNING && m && m->node ? " on " : "",
		       j->state == CO_JOB_RUNNING && m && m->node ? m->node->hello.name : "");
	j->move.asker.session = 0;
}

bool co_move_may_return(const struct co_job *j)
{
	return j->move.stage == cairn_MoveStage_MOVE_COPY ||
	       j->move.stage == cairn_MoveStage_MOVE_START;
}

void co_move_fail(struct co_job *j, int status, const char *why)
{
	struct co_move *v = &j->move;
	bool away = co_move_may_return(j);

	if (!v->stage || v->stage == cairn_MoveStage_MOVE_BACK)
		return;
	v->status = status;
	snprintf(v->error, sizeof(v->error), "%s", why);
	co_event(j->c, "move-failed", j, v->to, v->member < 0 ? -1 : v->member, "%s", why);
	co_plan_free(j);
	if (away && !co_job_over(j)) {
		j->retry_ms = 0;
		set_stage(j, cairn_MoveStage_MOVE_BACK);
		return;
	}
	answer_failure(j);
	move_free(j);
}

bool co_move_is_over(const struct co_job *j)
{
	const struct co_move *v = &j->move;

	if (!v->stage)
		return false;
	if (co_job_over(j))
		return true;
	return j->state == CO_JOB_RUNNING && v->stage >= cairn_MoveStage_MOVE_START;
}

void co_move_end(struct co_job *j)
{
	const struct co_member *m = first_that_goes(j);
	struct co_move *v = &j->move;
	cairn_MoveRow row = { 0 };

	if (j->state != CO_JOB_RUNNING)
		co_move_fail(j, CR_EXIT_NOT_FOUND, *j->why ? j->why : "the job has ended");
	if (v->stage == cairn_MoveStage_MOVE_START) {
		v->stage = cairn_MoveStage_MOVE_DONE;
		j->stuck = 0;
		fill_row(j, &row);
		co_event(j->c, "moved", j, m ? m->node : NULL, v->member < 0 ? -1 : v->member,
			 "from %s: it stood still for %llu ms (stop %llu, copy %llu, start %llu), "
			 "%llu bytes",
			 row.from, (unsigned long long)row.down_ms, (unsigned long long)row.stop_ms,
			 (unsigned long long)row.copy_ms, (unsigned long long)row.start_ms,
			 (unsigned long long)row.bytes);
		move_tell(j, true);
	} else if (v->stage) {
		answer_failure(j);
	}
	if (v->stage)
		move_free(j);
}

bool co_move_waits(const struct co_job *j, int64_t now)
{
	return j->move.stage == cairn_MoveStage_MOVE_BACK && j->move.asker.session &&
	       j->state == CO_JOB_WAITING && !j->plan && now < j->retry_ms;
}

void co_move_tell_wait(struct co_job *j)
{
	co_reply_error(j->c, &j->move.asker, j->move.status,
		       "job %s was not moved: %s; now it waits: %s", j->name, j->move.error,
		       j->why);
	j->move.asker.session = 0;
}
