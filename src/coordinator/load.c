// SPDX-License-Identifier: Apache-2.0
//
// What the database knows, read at the start, and given back at the end.
#include <pb_decode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/operations.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"
#include "coordinator/load.h"
#include "coordinator/members.h"
#include "coordinator/move.h"
#include "coordinator/nodes.h"
#include "net/link.h"

static void load_text(sqlite3_stmt *s, int column, char *to, size_t len)
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
		c->generations = cr_xstrdup((const char *)sqlite3_column_text(s, 1));
	if (!strcmp((const char *)sqlite3_column_text(s, 0), "longest_ms"))
		c->longest_ms = sqlite3_column_int64(s, 1);
}

static void on_node(sqlite3_stmt *s, void *arg)
{
	struct co_node *n = co_node_add(arg, (const char *)sqlite3_column_text(s, 0));

	load_text(s, 1, n->hello.boot_id, sizeof(n->hello.boot_id));
	n->hello.store_id = sqlite3_column_int64(s, 2);
	n->store = co_store(arg, n->hello.store_id);
	n->draining = sqlite3_column_int(s, 3);
	load_text(s, 4, n->hello.addresses[0], sizeof(n->hello.addresses[0]));
	n->hello.addresses_count = 1;
	n->back_ms = sqlite3_column_int64(s, 5);
}

static void on_job(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_add(arg, sqlite3_column_int64(s, 0));
	pb_istream_t in;

	load_text(s, 1, j->name, sizeof(j->name));
	j->uid = sqlite3_column_int64(s, 2);
	j->gid = sqlite3_column_int64(s, 3);
	load_text(s, 4, j->command, sizeof(j->command));
	j->state = sqlite3_column_int(s, 5);
	j->after = sqlite3_column_int(s, 6);
	load_text(s, 7, j->why, sizeof(j->why));
	load_text(s, 8, j->last_error, sizeof(j->last_error));
	j->epoch = sqlite3_column_int64(s, 9);
	j->operations = sqlite3_column_int64(s, 10);
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
	if (sqlite3_column_text(s, 7))
		m->home = co_node_find(arg, (const char *)sqlite3_column_text(s, 7));
	m->commanded = sqlite3_column_int(s, 8);
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

static void load_on_checkpoint(sqlite3_stmt *s, void *arg)
{
	struct co_job *j = co_job_by_id(arg, sqlite3_column_int64(s, 0));
	const unsigned char *members = sqlite3_column_blob(s, 5);
	size_t n = sqlite3_column_bytes(s, 5) / 4, i;
	struct co_checkpoint *k;

	if (!j)
		return;
	k = co_checkpoint_add(j, sqlite3_column_int64(s, 1));
	k->state = sqlite3_column_int(s, 2);
	k->intent = sqlite3_column_int(s, 3);
	k->at = sqlite3_column_int64(s, 4);
	k->stall_ns = sqlite3_column_int64(s, 6);
	k->wall_ns = sqlite3_column_int64(s, 7);
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
	j->said.operation = sqlite3_column_int64(s, 1);
	j->said.step = sqlite3_column_int(s, 2);
	j->said.payload = cr_xcheck(cr_shared_new(sqlite3_column_bytes(s, 3)), 1);
	if (j->said.payload->len)
		memcpy(j->said.payload->data, sqlite3_column_blob(s, 3), j->said.payload->len);
}

static void load_on_last(sqlite3_stmt *s, void *arg)
{
	((struct co *)arg)->next_event = sqlite3_column_int64(s, 0);
}

/* How often nodes are lost: job_pace.c. */
static bool load_on_event(const cairn_EventRow *row, void *arg)
{
	struct co *c = arg;

	if (!c->known_since_ms)
		c->known_since_ms = row->at_ms;
	c->nodes_lost += !strcmp(row->kind, "node-lost");
	return true;
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

/*
 * What is not in the database of a job: when its next checkpoint is due, and the operation that it
 * has a saved checkpoint of, from where there is no way back. All else follows as ever: whoever is
 * at another operation is told that it is given up.
 */
static void take_up(struct co_job *j)
{
	struct co_checkpoint *k = j->checkpoints;

	j->running_ms = co_now();
	if (j->state == CO_JOB_RUNNING && k && k->state == CO_SAVED)
		co_operation_resume(j, k);
	if (j->state == CO_JOB_RUNNING && co_pace(j) > 0)
		j->due_ms = co_now() + co_pace(j) * 1000;
	co_job_dirty(j);
}

int co_load(struct co *c, struct cr_err *err)
{
	size_t i;

	c->next_job = 1;
	co_db_read(c->db, CO_SQL_VALUES, on_value, c, "");
	co_db_read(c->db, CO_SQL_EVENTS_LAST, load_on_last, c, "");
	co_db_read(c->db, CO_SQL_NODES, on_node, c, "");
	co_db_read(c->db, CO_SQL_JOBS, on_job, c, "");
	co_db_read(c->db, CO_SQL_MEMBERS, on_member, c, "");
	co_db_read(c->db, CO_SQL_COMMAND_BYTES, on_command_bytes, c, "");
	co_db_read(c->db, CO_SQL_CHECKPOINTS, load_on_checkpoint, c, "");
	co_db_read(c->db, CO_SQL_SAID_ALL, on_said, c, "");
	co_move_load(c);
	if (c->longest_ms < c->lease_ms) {
		c->longest_ms = c->lease_ms;
		co_db_write(c->db, CO_SQL_SET, "ti", "longest_ms", c->longest_ms);
	}
	co_fence_begin(c);
	co_events_each(c, 0, UINT64_MAX, load_on_event, c);
	if (!c->known_since_ms)
		c->known_since_ms = cr_now_ns(CLOCK_REALTIME) / 1000000;
	assume(c);
	for (i = 0; i < c->jobs.n; i++)
		take_up(c->jobs.v[i]);
	co_db_commit(c->db);
	return 0;
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
