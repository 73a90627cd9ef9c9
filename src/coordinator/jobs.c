// SPDX-License-Identifier: Apache-2.0
//
// Jobs: made, found, listed, saved, loaded at the start.
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/runtime.h"
#include "coordinator/cluster.h"

#define TEND_MS 3000

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
	if (j->state == CO_JOB_RUNNING && j->course.active && j->course.purpose != CO_LOOK)
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
		    (int64_t)j->courses, (int64_t)j->number, (int64_t)j->restarts,
		    (int64_t)j->tries, j->began_at, (int64_t)j->status, (int64_t)j->stall_ns,
		    (int64_t)j->wall_ns, policy, out.bytes_written);
}

void co_job_set(struct co_job *j, enum co_state state, const char *why)
{
	bool changed = j->state != state || strcmp(j->why, why);

	j->state = state;
	snprintf(j->why, sizeof(j->why), "%s", why);
	co_job_save(j);
	if (changed)
		co_event(j->c, "job", j, NULL, -1, "%s%s%s", co_job_state(j), *why ? ": " : "",
			 why);
	co_waiters_look(j);
}

struct co_job *co_job_by_id(struct co *c, uint64_t id)
{
	size_t low = 0, high = c->jobs.n, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (c->jobs.v[mid]->id == id)
			return c->jobs.v[mid];
		if (c->jobs.v[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
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

		if (j->state == CO_JOB_FORGOTTEN ||
		    (!is && !(*text && !*end && j->id == id)))
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

static struct co_job *add(struct co *c, uint64_t id)
{
	struct co_job **slot = cr_list_add(&c->jobs), *j = calloc(1, sizeof(*j));

	*slot = j;
	j->c = c;
	j->id = id;
	j->due_ms = CO_FOREVER;
	return j;
}

struct co_job *co_job_new(struct co *c, const cairn_Request *q, const struct co_asker *a)
{
	struct co_job *j = add(c, c->next_job++);

	co_db_write(c->db, CO_SQL_SET, "ti", "next_job", (int64_t)c->next_job);
	snprintf(j->name, sizeof(j->name), "%s", q->job);
	snprintf(j->command, sizeof(j->command), "%s", q->command);
	j->uid = a->uid;
	j->gid = a->gid;
	j->epoch = 1;
	j->began_at = cr_now_ns(CLOCK_REALTIME) / 1000000;
	if (q->has_policy)
		j->policy = q->policy;
	else
		j->policy = (cairn_Policy){ .interval = 60, .max_restarts = 3 };
	if (!j->policy.has_replicas)
		j->policy.replicas = 1;
	j->policy.has_replicas = true;
	if (!j->policy.keep)
		j->policy.keep = 2;
	co_job_set(j, CO_JOB_STARTING, "");
	return j;
}

void co_job_free(struct co_job *j)
{
	struct co_checkpoint *k;
	struct co_ask *a;
	size_t i;

	while ((k = j->checkpoints)) {
		j->checkpoints = k->next;
		co_checkpoint_free(k);
	}
	while ((a = j->asks)) {
		j->asks = a->next;
		free(a->payload);
		free(a);
	}
	for (i = 0; i < j->n; i++)
		free(j->v[i].payload);
	free(j->v);
	cr_shared_free(j->said.payload);
	free(j->waiters.v);
	free(j->avoided.v);
	free(j->plan);
	free(j);
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
}

void co_jobs_tick(struct co *c, int64_t now)
{
	size_t i;

	for (i = 0; i < c->jobs.n; i++) {
		struct co_job *j = c->jobs.v[i];

		/* One that was stopped or has failed may be restarted. */
		if (now >= j->tend_ms && j->state != CO_JOB_ENDED) {
			j->tend_ms = now + TEND_MS;
			co_images_tend(j);
		}
		if (co_job_over(j))
			continue;
		co_course_tick(j, now);
		if (j->look && now >= j->retry_ms) {
			j->look = false;
			co_recovery_look(j);
		}
		if (j->state == CO_JOB_RUNNING && !j->course.active)
			co_asks_next(j);
		if (j->state == CO_JOB_RUNNING && !j->course.active && now >= j->due_ms &&
		    !co_course_start(j, CO_KEEP, NULL))
			j->due_ms = now + 1000;
	}
}

/* ---- loading ---- */

static void text(sqlite3_stmt *s, int column, char *to, size_t len)
{
	const unsigned char *t = sqlite3_column_text(s, column);

	snprintf(to, len, "%s", t ? (const char *)t : "");
}

static void on_value(sqlite3_stmt *s, void *arg)
{
	struct co *c = arg;

	if (!strcmp((const char *)sqlite3_column_text(s, 0), "next_job"))
		c->next_job = sqlite3_column_int64(s, 1);
	if (!strcmp((const char *)sqlite3_column_text(s, 0), "generations"))
		c->generations = strdup((const char *)sqlite3_column_text(s, 1));
	if (!strcmp((const char *)sqlite3_column_text(s, 0), "longest_ms"))
		c->longest_ms = sqlite3_column_int64(s, 1);
}

static void on_node(sqlite3_stmt *s, void *arg)
{
	struct co_node *n = co_node_add(arg, (const char *)sqlite3_column_text(s, 0));

	text(s, 1, n->hello.boot_id, sizeof(n->hello.boot_id));
	n->hello.store_id = sqlite3_column_int64(s, 2);
	n->store = co_store(arg, n->hello.store_id);
	n->draining = sqlite3_column_int(s, 3);
	text(s, 4, n->hello.addresses[0], sizeof(n->hello.addresses[0]));
	n->hello.addresses_count = 1;
	n->back_ms = sqlite3_column_int64(s, 5);
}

static void on_job(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = add(arg, sqlite3_column_int64(s, 0));
	pb_istream_t in;

	text(s, 1, j->name, sizeof(j->name));
	j->uid = sqlite3_column_int64(s, 2);
	j->gid = sqlite3_column_int64(s, 3);
	text(s, 4, j->command, sizeof(j->command));
	j->state = sqlite3_column_int(s, 5);
	j->after = sqlite3_column_int(s, 6);
	text(s, 7, j->why, sizeof(j->why));
	text(s, 8, j->last_error, sizeof(j->last_error));
	j->epoch = sqlite3_column_int64(s, 9);
	j->courses = sqlite3_column_int64(s, 10);
	j->number = sqlite3_column_int64(s, 11);
	j->restarts = sqlite3_column_int64(s, 12);
	j->tries = sqlite3_column_int64(s, 13);
	j->began_at = sqlite3_column_int64(s, 14);
	j->status = sqlite3_column_int(s, 15);
	j->stall_ns = sqlite3_column_int64(s, 16);
	j->wall_ns = sqlite3_column_int64(s, 17);
	in = pb_istream_from_buffer(sqlite3_column_blob(s, 18), sqlite3_column_bytes(s, 18));
	pb_decode(&in, cairn_Policy_fields, &j->policy);
}

static void on_member(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_by_id(arg, sqlite3_column_int64(s, 0));
	unsigned int number = sqlite3_column_int64(s, 1);
	struct co_member *m;

	if (!j)
		return;
	m = co_member(j, number);
	m->node = co_node_find(arg, (const char *)sqlite3_column_text(s, 2));
	m->epoch = sqlite3_column_int64(s, 3);
	m->life = sqlite3_column_int(s, 4);
	m->added = sqlite3_column_int(s, 5);
	m->status = sqlite3_column_int(s, 6);
	m->commanded = sqlite3_column_int(s, 7);
	if (!co_lives(m))
		return;
	j->live++;
	if (m->node)
		m->node->live++;
}

static void on_command_bytes(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_by_id(arg, sqlite3_column_int64(s, 0));

	if (j)
		j->command_bytes = sqlite3_column_int64(s, 1);
}

static void on_checkpoint(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_by_id(arg, sqlite3_column_int64(s, 0));
	const unsigned char *members = sqlite3_column_blob(s, 5);
	size_t n = sqlite3_column_bytes(s, 5) / 4, i;
	struct co_checkpoint *k;

	if (!j)
		return;
	k = co_checkpoint_add(j, sqlite3_column_int64(s, 1));
	k->state = sqlite3_column_int(s, 2);
	k->purpose = sqlite3_column_int(s, 3);
	k->at = sqlite3_column_int64(s, 4);
	for (i = 0; i < n; i++) {
		uint32_t number;

		memcpy(&number, members + i * 4, 4);
		if (number < k->n)
			k->images[number].there = true;
	}
}

static void on_said(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_by_id(arg, sqlite3_column_int64(s, 0));

	if (!j)
		return;
	j->said.course = sqlite3_column_int64(s, 1);
	text(s, 2, j->said.step, sizeof(j->said.step));
	j->said.payload = cr_shared_new(sqlite3_column_bytes(s, 3));
	if (j->said.payload->len)
		memcpy(j->said.payload->data, sqlite3_column_blob(s, 3), j->said.payload->len);
}

static void on_last(sqlite3_stmt *s, void *arg)
{
	((struct co *)arg)->next_event = sqlite3_column_int64(s, 0);
}

/* Where members may live, nodes are taken to be up until the time has shown that they are not. */
static void assume(struct co *c)
{
	int64_t now = co_now();
	size_t i;

	for (i = 0; i < c->nodes.n; i++) {
		struct co_node *n = c->nodes.v[i];

		n->beat_ms = now;
		n->up = n->known = true;
		n->store->up++;
		c->up++;
	}
}

static unsigned int count(const struct co_job *j, enum co_life life)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < j->n; i++)
		n += j->v[i].life == life;
	return n;
}

/* What was under way when the one before us ended, perhaps in the middle of a decision. */
static void resume(struct co_job *j)
{
	static const char again[] = "begun again: the coordinator was restarted";
	struct co_checkpoint *k = j->checkpoints;
	bool runs = j->state == CO_JOB_RUNNING || j->state == CO_JOB_STARTING;

	if (k && k->state == CO_SAVED && j->state == CO_JOB_RUNNING)
		co_course_resume(j, k);
	else if (k && k->state != CO_COMMITTED)
		co_checkpoint_drop(j, k);
	j->look = true;
	if (runs && count(j, CO_DEAD)) {
		co_recover(j, CO_NODE_FAULT, "a member was lost");
	} else if (runs && !j->live) {
		co_job_set(j, j->n ? CO_JOB_ENDED : CO_JOB_LOST, j->why);
	} else if (j->state == CO_JOB_RUNNING && j->policy.interval > 0) {
		j->due_ms = co_now() + j->policy.interval * 1000;
	} else if (j->state == CO_JOB_RESTARTING ||
		   (j->live && (j->state == CO_JOB_WAITING || j->state == CO_JOB_SHIPPING))) {
		/* Whether it got as far as to run is not known, so it has not. */
		j->epoch++;
		co_job_end(j, CO_JOB_WAITING, again);
	} else if (j->state == CO_JOB_SHIPPING) {
		co_job_set(j, CO_JOB_WAITING, j->why);
	}
}

int co_load(struct co *c, struct cr_err *err)
{
	size_t i;

	c->next_job = 1;
	co_db_read(c->db, CO_SQL_VALUES, on_value, c, "");
	co_db_read(c->db, CO_SQL_EVENTS_LAST, on_last, c, "");
	co_db_read(c->db, CO_SQL_NODES, on_node, c, "");
	co_db_read(c->db, CO_SQL_JOBS, on_job, c, "");
	co_db_read(c->db, CO_SQL_MEMBERS, on_member, c, "");
	co_db_read(c->db, CO_SQL_COMMAND_BYTES, on_command_bytes, c, "");
	co_db_read(c->db, CO_SQL_CHECKPOINTS, on_checkpoint, c, "");
	co_db_read(c->db, CO_SQL_SAID_ALL, on_said, c, "");
	if (c->longest_ms < c->lease_ms) {
		c->longest_ms = c->lease_ms;
		co_db_write(c->db, CO_SQL_SET, "ti", "longest_ms", c->longest_ms);
	}
	co_fence_begin(c);
	assume(c);
	for (i = 0; i < c->jobs.n; i++)
		if (!co_job_over(c->jobs.v[i]))
			resume(c->jobs.v[i]);
	co_db_commit(c->db);
	return 0;
}
