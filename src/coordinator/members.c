// SPDX-License-Identifier: Apache-2.0
//
// Members of jobs: where each one lives, what its shepherd tells. What is told of another epoch or
// from another node than the books say is of the past; whoever tells that it lives is told to end.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/replies.h"
#include "coordinator/session.h"

#define AVOID_MS 30000 /* a node that a member could not be started on */

struct co_member *co_member(struct co_job *j, unsigned int number)
{
	size_t i;

	if (number >= j->n) {
		j->v = cr_xrealloc(j->v, (number + 1) * sizeof(*j->v));
		memset(j->v + j->n, 0, (number + 1 - j->n) * sizeof(*j->v));
		for (i = j->n; i <= number; i++) {
			j->v[i].job = j;
			j->v[i].number = i;
		}
		j->n = number + 1;
	}
	return &j->v[number];
}

void co_member_save(struct co_member *m)
{
	co_db_write(m->job->c->db, CO_SQL_MEMBER, "iitiiiit", (int64_t)m->job->id,
		    (int64_t)m->number, m->node ? m->node->hello.name : "", (int64_t)m->epoch,
		    (int64_t)m->life, (int64_t)m->added, (int64_t)m->status,
		    m->home ? m->home->hello.name : NULL);
}

void co_member_set(struct co_member *m, enum co_life life)
{
	bool was = co_lives(m), is;

	m->life = life;
	is = co_lives(m);
	if (life == CO_RUNNING)
		m->wish = NULL;
	if (was != is) {
		m->job->live += is ? 1 : -1;
		if (m->node)
			m->node->live += is ? 1 : -1;
	}
	/* Whether it runs or dies is told again; that it is gone may not be. */
	if (was != is || life == CO_NONE)
		co_member_save(m);
}

struct co_member *co_member_add(struct co_job *j, struct co_node *n)
{
	struct co_member *m = co_member(j, j->n);

	m->node = n;
	m->epoch = j->epoch;
	m->start_sent = true;
	co_member_set(m, CO_STARTING);
	return m;
}

void co_member_id(const struct co_member *m, cairn_MemberId *id)
{
	id->job = m->job->id;
	id->member = m->number;
	id->epoch = m->epoch;
}

static void kill_id(struct co_node *n, const cairn_MemberId *id, int signal)
{
	cairn_ClusterMsg *msg = co_message(n->c, cairn_ClusterMsg_kill_tag);

	msg->body.kill.has_id = true;
	msg->body.kill.id = *id;
	msg->body.kill.signal = signal;
	co_send_node(n, msg, NULL, 0);
}

void co_member_kill(struct co_member *m, int signal)
{
	cairn_MemberId id;

	co_member_id(m, &id);
	if (m->node)
		kill_id(m->node, &id, signal);
}

struct start {
	struct co_member *m;
	unsigned int number;
	unsigned int command; /* whose it is */
};

/*
 * A command may have a megabyte, and a job hundreds of members that have the same: it goes to a
 * node once, in the first of the orders that follow each other.
 */
static bool node_keeps(struct start *s, cairn_Start *to)
{
	struct co_session *session = s->m->node ? s->m->node->session : NULL;
	struct co_job *j = s->m->job;

	if (!session || s->number || !s->m->node->hello.keeps_command || j->n < 2)
		return false;
	to->same = session->kept_job == j->id && session->kept_member == s->command;
	to->keep = !to->same;
	session->kept_job = j->id;
	session->kept_member = s->command;
	return to->same;
}

static void send_start(struct start *s, unsigned int arguments, unsigned int options,
		       const void *payload, size_t len)
{
	struct co_job *j = s->m->job;
	cairn_ClusterMsg *msg = co_message(j->c, cairn_ClusterMsg_start_tag);
	cairn_Start *to = &msg->body.start;

	to->has_id = true;
	co_member_id(s->m, &to->id);
	snprintf(to->name, sizeof(to->name), "%s", j->name);
	to->uid = j->uid;
	to->gid = j->gid;
	to->number = s->number;
	to->members = j->live;
	to->interval = co_pace(j);
	to->arguments = arguments;
	to->options = options;
	to->operation = s->number ? j->operation.id : 0;
	if (node_keeps(s, to))
		co_send_node(s->m->node, msg, NULL, 0);
	else
		co_send_node(s->m->node, msg, payload, len);
}

static void on_command(sqlite3_stmt *row, void *arg)
{
	struct start *s = arg;

	s->command = sqlite3_column_int(row, 3);
	send_start(s, sqlite3_column_int(row, 0), sqlite3_column_int(row, 1),
		   sqlite3_column_blob(row, 2), sqlite3_column_bytes(row, 2));
}

void co_member_start(struct co_member *m, unsigned int number)
{
	struct start s = { m, number, 0 };

	m->start_sent = true;
	m->here = false;
	if (number)
		send_start(&s, 0, 0, NULL, 0);
	else
		co_db_read(m->job->c->db, CO_SQL_COMMAND_GET, on_command, &s, "ii",
			   (int64_t)m->job->id, (int64_t)m->number);
}

struct co_member *co_member_there(struct co_node *n, const cairn_MemberId *id)
{
	struct co_job *j = co_job_by_id(n->c, id->job);
	struct co_member *m;

	/* Of a cluster that had another database: not ours to end. */
	if (!j)
		return NULL;
	m = id->member < j->n ? &j->v[id->member] : NULL;
	if (!m || m->epoch != id->epoch || m->node != n || !co_lives(m)) {
		kill_id(n, id, 0);
		return NULL;
	}
	if (!m->here)
		co_job_dirty(j);
	m->here = true;
	if (m->life == CO_DYING) {
		kill_id(n, id, 0);
		return NULL;
	}
	return m;
}

static void running(struct co_member *m, const cairn_MemberEvent *e)
{
	struct co_job *j = m->job;

	if (e->processes)
		m->processes = e->processes;
	if (e->rss_bytes)
		m->rss_bytes = e->rss_bytes;
	/* Of a restart all run together, when all are ready. */
	if (m->life != CO_STARTING || j->state == CO_JOB_RESTARTING)
		return;
	co_member_set(m, CO_RUNNING);
	if (j->state != CO_JOB_STARTING)
		co_member_save(m);
	co_job_dirty(j);
}

static void answer_asker(struct co_member *m, int status)
{
	cairn_Reply *r;

	if (!m->asker.session)
		return;
	r = co_reply_begin(m->job->c);
	r->which_row = cairn_Reply_job_tag;
	co_job_row(m->job, &r->row.job);
	r->row.job.status = status;
	r->last = true;
	co_reply(m->job->c, &m->asker, r);
	m->asker.session = 0;
}

/* It has ended by itself, as programs do. */
static void members_ended(struct co_member *m, const cairn_MemberEvent *e)
{
	struct co_job *j = m->job;

	m->status = e->status;
	if (!m->number)
		j->status = e->status;
	co_event(j->c, "member-ended", j, m->node, m->number, "status %d", (int)e->status);
	co_member_set(m, CO_NONE);
	answer_asker(m, e->status);
	co_job_dirty(j);
}

enum co_cause co_cause_of(int status)
{
	static const int nodes_own[] = { CR_EXIT_NOT_FOUND, CR_EXIT_DAMAGED,   CR_EXIT_CHANGED,
					 CR_EXIT_CPU,	    CR_EXIT_NAMESPACE, CR_EXIT_IO,
					 CR_EXIT_CLUSTER,   CR_EXIT_FENCED };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(nodes_own); i++)
		if (nodes_own[i] == status)
			return CO_NODE_FAULT;
	return CO_OWN_FAULT;
}

void co_member_refused(struct co_member *m, int status)
{
	struct co_job *j = m->job;
	struct co_checkpoint *k = co_checkpoint(j, j->operation.number);
	bool damaged = status == CR_EXIT_DAMAGED || status == CR_EXIT_NOT_FOUND;
	struct co_avoided *a;

	if (damaged && j->operation.intent == cairn_Intent_INTENT_RESTART && k && m->number < k->n)
		co_image_set(j, k, m->number, m->node->store,
			     status == CR_EXIT_DAMAGED ? cairn_HoldingState_HOLDING_DAMAGED :
							 cairn_HoldingState_HOLDING_GONE,
			     0);
	if (damaged || status == CR_EXIT_CLUSTER || status == CR_EXIT_FENCED ||
	    co_cause_of(status) != CO_NODE_FAULT)
		return;
	a = cr_xlist_add(&j->avoided);
	*a = (struct co_avoided){ m->node, co_now() + AVOID_MS };
}

static void members_failed(struct co_member *m, const cairn_MemberEvent *e)
{
	enum co_cause cause = CO_OWN_FAULT;
	struct co_job *j = m->job;
	char text[256];

	if (e->state == cairn_MemberState_MEMBER_FENCED)
		cause = CO_NODE_FAULT;
	else if (e->state == cairn_MemberState_MEMBER_FAILED)
		cause = co_cause_of(e->exit);
	if (*e->error)
		snprintf(text, sizeof(text), "member %u on %.40s: %.190s", m->number,
			 m->node->hello.name, e->error);
	else if (e->state == cairn_MemberState_MEMBER_FENCED)
		snprintf(text, sizeof(text), "member %u on %.40s: its lease ran out", m->number,
			 m->node->hello.name);
	else
		snprintf(text, sizeof(text), "member %u on %.40s: %s (status %d)", m->number,
			 m->node->hello.name,
			 e->out_of_memory ? "out of memory" : "killed by a signal", (int)e->status);
	co_event(j->c, "member-failed", j, m->node, m->number, "%s", text);
	m->status = e->status;
	/* One that was to become a member of a running job has not; the job is as it was. */
	if (j->state == CO_JOB_RUNNING && m->life == CO_STARTING) {
		co_member_set(m, CO_NONE);
		answer_asker(m, e->status ? e->status : (int)e->exit);
		return;
	}
	co_member_set(m, CO_DEAD);
	answer_asker(m, e->status ? e->status : (int)e->exit);
	if (j->fault.is)
		return;
	co_job_fault(j, cause, text);
	j->fault.final = j->state == CO_JOB_STARTING && cause == CO_OWN_FAULT &&
			 e->state == cairn_MemberState_MEMBER_FAILED;
	j->fault.status = e->status ? e->status : (int)e->exit;
}

/*
 * By a signal that asks to end, not one of a crash: somebody's ^C or kill. Unless all of
 * the node is going down, where everybody is asked so.
 */
static bool meant(const struct co_member *m, const cairn_MemberEvent *e)
{
	int signal = e->status - 128;

	if (m->job->signal && signal == m->job->signal)
		return true;
	return !m->node->draining && !m->node->leaving &&
	       (signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGPIPE);
}

static void members_gone(struct co_member *m, const cairn_MemberEvent *e)
{
	struct co_job *j = m->job;
	bool normal = e->state == cairn_MemberState_MEMBER_EXITED && (!e->signaled || meant(m, e));

	m->here = true;
	co_job_dirty(j);
	if (e->state == cairn_MemberState_MEMBER_FAILED)
		co_member_refused(m, e->exit);
	if (m->life == CO_DYING) {
		/* Of one that could not be started the reason is known already. */
		if (!m->number && !e->stopped && !(j->after == CO_JOB_FAILED && j->status))
			j->status = e->status;
		co_member_set(m, CO_DEAD);
		answer_asker(m, e->status);
		return;
	}
	if (normal && (j->state == CO_JOB_RUNNING || j->state == CO_JOB_STARTING))
		members_ended(m, e);
	else
		members_failed(m, e);
}

void co_member_event(struct co_node *n, const cairn_MemberEvent *e)
{
	struct co_job *j = co_job_by_id(n->c, e->id.job);
	struct co_member *m;

	switch (e->state) {
	case cairn_MemberState_MEMBER_STARTING:
		co_member_there(n, &e->id);
		return;
	case cairn_MemberState_MEMBER_RUNNING:
		m = co_member_there(n, &e->id);
		if (m)
			running(m, e);
		return;
	default:
		break;
	}
	if (!j || e->id.member >= j->n)
		return;
	m = &j->v[e->id.member];
	if (m->epoch == e->id.epoch && m->node == n && co_lives(m))
		members_gone(m, e);
}

void co_member_vanished(struct co_member *m, const char *why)
{
	struct co_job *j = m->job;
	char text[160];

	snprintf(text, sizeof(text), "member %u on %.60s: %s", m->number, m->node->hello.name, why);
	co_job_dirty(j);
	if (m->life == CO_DYING) {
		co_member_set(m, CO_DEAD);
		return;
	}
	answer_asker(m, 128 + 9);
	if (j->state == CO_JOB_RUNNING && m->life == CO_STARTING) {
		co_member_set(m, CO_NONE);
		return;
	}
	co_member_set(m, CO_DEAD);
	co_job_fault(j, CO_NODE_FAULT, text);
}
