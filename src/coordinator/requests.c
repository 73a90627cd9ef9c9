// SPDX-License-Identifier: Apache-2.0
//
// What users ask. Everybody sees and touches his own jobs only, root all; nodes are drained and
// declared dead by root or whom crcoordinator runs as.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/runtime.h"
#include "common/xalloc.h"
#include "coordinator/operations.h"
#include "coordinator/database.h"
#include "coordinator/drills.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/move.h"
#include "coordinator/nodes.h"
#include "coordinator/quota.h"
#include "coordinator/recovery.h"
#include "coordinator/replies.h"
#include "coordinator/requests.h"
#include "coordinator/rows.h"
#include "coordinator/sign_in.h"

#define MEMBERS_MAX 4096

/* ---- members that come in addition ---- */

static void reply_joined(struct co_job *j, const struct co_member *m, const struct co_asker *a,
			 bool last)
{
	cairn_Reply *r = co_reply_begin(j->c);
	cairn_Joined *to = &r->row.joined;
	size_t i;

	r->last = last;
	r->which_row = cairn_Reply_joined_tag;
	to->has_id = true;
	co_member_id(m, &to->id);
	snprintf(to->name, sizeof(to->name), "%s", j->name);
	to->members = j->live;
	to->lease_ms = j->c->lease_ms;
	if (m->node) {
		snprintf(to->node, sizeof(to->node), "%s", m->node->hello.name);
		to->addresses_count = m->node->hello.addresses_count;
		for (i = 0; i < to->addresses_count; i++)
			memcpy(to->addresses[i], m->node->hello.addresses[i],
			       sizeof(to->addresses[i]));
	}
	co_reply(j->c, a, r);
}

static void keep_command(struct co_member *m, const cairn_Request *q, const void *payload,
			 size_t len)
{
	m->commanded = true;
	m->job->command_bytes += len;
	co_db_write(m->job->c->db, CO_SQL_COMMAND, "iiiib", (int64_t)m->job->id, (int64_t)m->number,
		    (int64_t)q->arguments, (int64_t)q->options, payload, len);
}

/* The same command as another's, which is there once. */
static void share_command(struct co_member *m, const struct co_member *with)
{
	m->commanded = true;
	co_db_write(m->job->c->db, CO_SQL_COMMAND_SAME, "iii", (int64_t)m->job->id,
		    (int64_t)m->number, (int64_t)with->number);
}

/* One member more of a job that runs. */
static void add_member(struct co_job *j, struct co_node *from, const struct co_asker *a,
		       const cairn_Request *q, const void *payload, size_t len)
{
	char why[256];
	struct co_node *n = from;
	struct co_member *m;

	if (q->ask == cairn_Ask_ASK_RUN) {
		n = *q->node ? co_node_meant(j->c, q->node) : NULL;
		if (*q->node && !n) {
			co_reply_error(j->c, a, CR_EXIT_NOT_FOUND, "no node %s in this cluster",
				       q->node);
			return;
		}
		n = co_place_one(j, n ? n->hello.name : NULL, why);
		if (!n) {
			co_reply_error(j->c, a, CR_EXIT_NO_NODE, "%s", why);
			return;
		}
	}
	m = co_member_add(j, n);
	m->added = true;
	if (q->ask == cairn_Ask_ASK_RUN)
		keep_command(m, q, payload, len);
	co_member_save(m);
	reply_joined(j, m, a, !q->follow);
	if (q->follow)
		m->asker = *a;
	if (q->ask == cairn_Ask_ASK_RUN)
		co_member_start(m, 0);
}

static bool add_now(const struct co_job *j)
{
	return (j->state == CO_JOB_RUNNING && !j->operation.active && !j->asks) ||
	       j->state == CO_JOB_STARTING;
}

static void requests_queue(struct co_job *j, const struct co_asker *a, struct co_node *from,
			   const cairn_Request *q, const void *payload, size_t len)
{
	struct co_ask *ask = cr_xcalloc(1, sizeof(*ask)), **p = &j->asks;

	*ask = (struct co_ask){ .asker = *a, .q = *q, .len = len, .node = from };
	ask->payload = cr_xmemdup(payload, len);
	while (*p)
		p = &(*p)->next;
	*p = ask;
	co_job_dirty(j);
}

static bool adds(const struct co_ask *a)
{
	return a->q.ask == cairn_Ask_ASK_JOIN || a->q.ask == cairn_Ask_ASK_RUN;
}

bool co_asks_can(const struct co_job *j)
{
	return j->asks && !j->operation.active && (adds(j->asks) || co_operation_can(j));
}

void co_asks_next(struct co_job *j)
{
	struct co_ask *a;

	while ((a = j->asks) && j->state == CO_JOB_RUNNING && !j->operation.active) {
		if (!adds(a) && !co_operation_start(j, a->q.intent, &a->asker))
			return;
		j->asks = a->next;
		if (adds(a))
			add_member(j, a->node, &a->asker, &a->q, a->payload, a->len);
		free(a->payload);
		free(a);
	}
}

/* ---- each verb ---- */

struct ask {
	struct co *c;
	struct co_session *s;
	struct co_asker a;
	const cairn_Request *q;
	const void *payload;
	size_t len;
	struct co_job *j; /* that is named */
	struct co_node *n;
};

static bool name_taken(struct ask *k)
{
	size_t i;

	for (i = 0; i < k->c->jobs.n; i++) {
		struct co_job *j = k->c->jobs.v[i];

		if (!co_job_over(j) && j->uid == k->a.uid && !strcmp(j->name, k->q->job)) {
			co_reply_error(k->c, &k->a, CR_EXIT_EXISTS,
				       "job %s is there already (%s; give another name)", j->name,
				       co_job_state(j));
			return true;
		}
	}
	return false;
}

static struct co_job *joined_job(struct ask *k, struct cr_err *err)
{
	struct co_job *j;

	if (k->q->join)
		return co_job_find(k->c, k->q->job, &k->a, err);
	j = co_job_by_id(k->c, k->q->from.job);
	if (!j)
		cr_fail(err, CR_EXIT_NOT_FOUND, 0, "the job that asks is not of this cluster");
	else if (k->a.uid && k->a.uid != j->uid)
		cr_fail(err, CR_EXIT_PERMISSION, 0, "job %s is another user's", j->name);
	else
		return j;
	return NULL;
}

static void join_job(struct ask *k, struct co_node *from)
{
	struct cr_err err = { 0 };
	struct co_job *j = joined_job(k, &err);

	if (j && co_job_over(j))
		cr_fail(&err, CR_EXIT_NOT_FOUND, 0, "job %s is over (%s)", j->name,
			co_job_state(j));
	if (j && !err.status)
		co_quota(k->c, j->uid, 1, k->len, &err);
	if (err.status)
		co_reply_error(k->c, &k->a, err.status, "%s", err.text);
	else if (add_now(j))
		add_member(j, from, &k->a, k->q, k->payload, k->len);
	else
		requests_queue(j, &k->a, from, k->q, k->payload, k->len);
}

static void on_join(struct ask *k)
{
	struct co_node *n = k->s->node;
	struct co_job *j;
	struct cr_err err = { 0 };

	if (!n) {
		co_reply_error(k->c, &k->a, CR_EXIT_USAGE, "members join at their node's crnode");
		return;
	}
	if (n->draining || n->leaving) {
		co_reply_error(k->c, &k->a, CR_EXIT_NO_NODE, "node %s is drained", n->hello.name);
		return;
	}
	if (k->q->join) {
		join_job(k, n);
		return;
	}
	if (cr_name_check(k->q->job, &err) || co_quota(k->c, k->a.uid, 1, 0, &err))
		co_reply_error(k->c, &k->a, err.status, "%s", err.text);
	else if (!name_taken(k)) {
		j = co_job_new(k->c, k->q, &k->a);
		reply_joined(j, co_member_add(j, n), &k->a, true);
	}
}

static void requests_on_run(struct ask *k)
{
	unsigned int i, n = k->q->members ? k->q->members : 1;
	struct co_node *wish = NULL;
	struct cr_err err = { 0 };
	struct co_job *j;

	if (k->q->join || k->q->from.job) {
		join_job(k, NULL);
		return;
	}
	if (*k->q->node && !(wish = co_node_meant(k->c, k->q->node))) {
		co_reply_error(k->c, &k->a, CR_EXIT_NOT_FOUND, "no node %s in this cluster",
			       k->q->node);
		return;
	}
	if (n > MEMBERS_MAX)
		cr_fail(&err, CR_EXIT_USAGE, 0, "%u members: a job has at most %u", n, MEMBERS_MAX);
	else if (!k->len)
		cr_fail(&err, CR_EXIT_USAGE, 0, "no command");
	else if (!cr_name_check(k->q->job, &err))
		co_quota(k->c, k->a.uid, n, k->len, &err);
	if (err.status) {
		co_reply_error(k->c, &k->a, err.status, "%s", err.text);
		return;
	}
	if (name_taken(k))
		return;
	j = co_job_new(k->c, k->q, &k->a);
	for (i = 0; i < n; i++) {
		struct co_member *m = co_member(j, i);

		m->epoch = j->epoch;
		m->wish = wish;
		m->life = CO_DEAD;
		if (i)
			share_command(m, &j->v[0]);
		else
			keep_command(m, k->q, k->payload, k->len);
		co_member_save(m);
	}
	co_job_set(j, CO_JOB_WAITING, "");
	if (k->q->follow)
		co_wait_for(j, &k->a, cairn_Ask_ASK_RUN);
	else
		co_wait_for_start(j, &k->a);
}

static void on_list(struct ask *k)
{
	size_t i;

	for (i = 0; i < k->c->jobs.n; i++) {
		struct co_job *j = k->c->jobs.v[i];
		cairn_Reply *r;

		if (j->state == CO_JOB_FORGOTTEN || (k->a.uid && j->uid != k->a.uid))
			continue;
		r = co_reply_begin(k->c);
		r->which_row = cairn_Reply_job_tag;
		co_job_row(j, &r->row.job);
		co_reply(k->c, &k->a, r);
	}
	co_reply_end(k->c, &k->a);
}

static void requests_tell_member(struct ask *k, const struct co_member *m)
{
	cairn_Reply *r = co_reply_begin(k->c);

	r->which_row = cairn_Reply_member_tag;
	co_member_row(m, &r->row.member);
	co_reply(k->c, &k->a, r);
}

static bool tell_image(const cairn_ImageRow *row, void *arg)
{
	struct ask *k = arg;
	cairn_Reply *r = co_reply_begin(k->c);

	r->which_row = cairn_Reply_image_tag;
	r->row.image = *row;
	co_reply(k->c, &k->a, r);
	return true;
}

static void tell_checkpoint(struct ask *k, const struct co_checkpoint *p)
{
	cairn_Reply *r = co_reply_begin(k->c);

	r->which_row = cairn_Reply_checkpoint_tag;
	co_checkpoint_row(p, &r->row.checkpoint);
	co_reply(k->c, &k->a, r);
	co_image_rows(k->c, p, tell_image, k);
}

static void on_status(struct ask *k)
{
	const struct co_checkpoint *p;
	cairn_Reply *r = co_reply_begin(k->c);
	size_t i;

	r->which_row = cairn_Reply_job_tag;
	co_job_row(k->j, &r->row.job);
	co_reply(k->c, &k->a, r);
	for (i = 0; i < k->j->n; i++)
		requests_tell_member(k, &k->j->v[i]);
	for (p = k->j->checkpoints; p; p = p->next)
		tell_checkpoint(k, p);
	co_reply_end(k->c, &k->a);
}

static cairn_Intent requests_intent_of(const cairn_Request *q)
{
	if (q->ask == cairn_Ask_ASK_CHECK)
		return cairn_Intent_INTENT_CHECK;
	return q->intent ? q->intent :
	       q->stop	 ? cairn_Intent_INTENT_STOP :
			   cairn_Intent_INTENT_CHECKPOINT;
}

static bool askable(cairn_Intent intent)
{
	return intent == cairn_Intent_INTENT_CHECKPOINT || intent == cairn_Intent_INTENT_STOP ||
	       intent == cairn_Intent_INTENT_CHECK;
}

static void requests_on_checkpoint(struct ask *k)
{
	cairn_Request q = *k->q;

	q.intent = requests_intent_of(&q);
	if (!askable(q.intent))
		co_reply_error(k->c, &k->a, CR_EXIT_USAGE, "a checkpoint cannot have intent %d",
			       q.intent);
	else if (co_job_over(k->j))
		co_reply_error(k->c, &k->a, CR_EXIT_NOT_FOUND, "job %s does not run: %s",
			       k->j->name, co_job_state(k->j));
	else if (k->j->state == CO_JOB_WAITING)
		co_reply_error(k->c, &k->a, CR_EXIT_NO_NODE, "job %s does not run, it waits: %s",
			       k->j->name, k->j->why);
	else
		requests_queue(k->j, &k->a, NULL, &q, NULL, 0);
}

static void requests_on_kill(struct ask *k)
{
	struct co_job *j = k->j;
	size_t i;

	if (co_job_over(j)) {
		co_reply_error(k->c, &k->a, CR_EXIT_NOT_FOUND, "job %s does not run: %s", j->name,
			       co_job_state(j));
		return;
	}
	if (k->q->signal && j->state == CO_JOB_RUNNING) {
		j->signal = k->q->signal;
		for (i = 0; i < j->n; i++)
			if (co_lives(&j->v[i]))
				co_member_kill(&j->v[i], j->signal);
		co_reply_job(k->c, &k->a, j);
		return;
	}
	co_wait_for(j, &k->a, cairn_Ask_ASK_KILL);
	j->status = 128 + 9;
	co_job_want(j, CO_JOB_ENDED, "ended by crctl kill");
}

static void on_restart(struct ask *k)
{
	struct co_job *j = k->j;
	const char *why;

	if (!co_job_over(j)) {
		co_reply_error(k->c, &k->a, CR_EXIT_EXISTS, "job %s is %s", j->name,
			       co_job_state(j));
		return;
	}
	if (!co_checkpoint_good(j, &why)) {
		co_reply_error(k->c, &k->a, CR_EXIT_NOT_FOUND, "job %s: %s", j->name, why);
		return;
	}
	j->tries = 0;
	j->tally.next = CO_RETURN_ASKED;
	co_wait_for(j, &k->a, cairn_Ask_ASK_RESTART);
	co_job_want(j, CO_JOB_WAITING, "");
}

/* Images on nodes that are away go when those are back and tell of them. */
static void on_forget(struct ask *k)
{
	struct co_job *j = k->j;
	size_t i;

	if (!co_job_over(j)) {
		co_reply_error(k->c, &k->a, CR_EXIT_EXISTS,
			       "job %s is %s: only one that is over can be forgotten (crctl kill)",
			       j->name, co_job_state(j));
		return;
	}
	while (j->checkpoints)
		co_checkpoint_drop(j, j->checkpoints);
	/* Its environment may hold secrets. */
	for (i = 0; i < j->n; i++)
		co_db_write(k->c->db, CO_SQL_COMMAND, "iiiib", (int64_t)j->id,
			    (int64_t)j->v[i].number, (int64_t)0, (int64_t)0, "", (size_t)0);
	j->command_bytes = 0;
	co_job_set(j, CO_JOB_FORGOTTEN, "");
	co_reply_job(k->c, &k->a, j);
}

static void on_nodes(struct ask *k)
{
	size_t i;

	for (i = 0; i < k->c->nodes.n; i++) {
		cairn_Reply *r = co_reply_begin(k->c);

		r->which_row = cairn_Reply_node_tag;
		co_node_row(k->c->nodes.v[i], &r->row.node);
		co_reply(k->c, &k->a, r);
	}
	co_reply_end(k->c, &k->a);
}

static void on_events(struct ask *k)
{
	co_events_tell(k->c, &k->a, k->q);
}

static void on_drain(struct ask *k)
{
	struct co_node *n = k->n;

	if (!n->draining) {
		n->draining = true;
		co_node_save(n);
		co_event(k->c, "node-drain", NULL, n, -1, "its members are moved elsewhere");
		co_nodes_changed(k->c);
	}
	if (n->asker.session)
		co_reply_error(k->c, &n->asker, CR_EXIT_EXISTS, "somebody else drains %s as well",
			       n->hello.name);
	n->asker = k->a;
}

static void on_undrain(struct ask *k)
{
	if (k->n->asker.session)
		co_reply_error(k->c, &k->n->asker, CR_EXIT_CLUSTER, "undrained meanwhile");
	k->n->asker.session = 0;
	k->n->draining = k->n->leaving = false;
	k->n->full_ms = 0;
	co_node_save(k->n);
	co_event(k->c, "node-undrain", NULL, k->n, -1, "it takes members again");
	co_nodes_changed(k->c);
	co_reply_end(k->c, &k->a);
}

/* By JOB.MEMBER, unless that is a job's name: who is to go. */
static void find_moved(struct ask *k, struct co_moving *what, struct cr_err *err)
{
	const char *text = k->q->job, *dot = strrchr(text, '.');
	struct cr_err none = { 0 };
	char name[CO_NAME], *end = NULL;
	unsigned long number = dot ? strtoul(dot + 1, &end, 10) : 0;

	what->member = CO_MOVE_ALL;
	k->j = co_job_find(k->c, text, &k->a, err);
	if (k->j || !dot || dot[1] < '0' || dot[1] > '9' || *end || number > MEMBERS_MAX)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(dot - text), text);
	k->j = co_job_find(k->c, name, &k->a, &none);
	what->member = number;
	if (k->j)
		cr_err_clear(err);
}

static void on_migrate(struct ask *k)
{
	struct co_moving what = { .why = "asked for by crctl migrate", .asker = &k->a };
	struct cr_err err = { 0 };

	find_moved(k, &what, &err);
	if (!err.status) {
		what.to = co_node_find(k->c, k->q->node);
		if (!what.to)
			cr_fail(&err, CR_EXIT_NOT_FOUND, 0, "no node %s in this cluster",
				k->q->node);
		else
			co_move(k->j, &what, &err);
	}
	if (err.status)
		co_reply_error(k->c, &k->a, err.status, "%s", err.text);
}

static void on_drill(struct ask *k)
{
	co_drill(k->n, k->q, &k->a);
}

static void on_fenced(struct ask *k)
{
	if (k->n->up && k->n->session && co_now() - k->n->beat_ms < k->c->lease_ms) {
		co_reply_error(k->c, &k->a, CR_EXIT_EXISTS, "node %s lives", k->n->hello.name);
		return;
	}
	co_node_dead(k->n, "declared dead");
	co_reply_end(k->c, &k->a);
}

static void on_dashboard(struct ask *k)
{
	cairn_Reply *r = co_reply_begin(k->c);
	struct cr_err err = { 0 };

	if (k->a.uid && k->a.uid != geteuid())
		cr_fail(&err, CR_EXIT_PERMISSION, 0,
			"only root and whom crcoordinator runs as may do that");
	else if (!k->c->web_link)
		cr_fail(&err, CR_EXIT_CLUSTER, 0,
			"this crcoordinator has no page (start it with --http HOST:PORT)");
	else
		k->c->web_link(k->c, r->row.link.url, sizeof(r->row.link.url), &err);
	if (err.status) {
		co_reply_error(k->c, &k->a, err.status, "%s", err.text);
		return;
	}
	r->last = true;
	r->which_row = cairn_Reply_link_tag;
	r->row.link.seconds = CO_LINK_S;
	co_reply(k->c, &k->a, r);
}

static const struct {
	void (*on)(struct ask *k);
	bool job, node; /* which it must name */
} verbs[] = {
	[cairn_Ask_ASK_LIST] = { on_list, false, false },
	[cairn_Ask_ASK_STATUS] = { on_status, true, false },
	[cairn_Ask_ASK_CHECKPOINT] = { requests_on_checkpoint, true, false },
	[cairn_Ask_ASK_KILL] = { requests_on_kill, true, false },
	[cairn_Ask_ASK_CHECK] = { requests_on_checkpoint, true, false },
	[cairn_Ask_ASK_NODES] = { on_nodes, false, false },
	[cairn_Ask_ASK_EVENTS] = { on_events, false, false },
	[cairn_Ask_ASK_JOIN] = { on_join, false, false },
	[cairn_Ask_ASK_RUN] = { requests_on_run, false, false },
	[cairn_Ask_ASK_DRAIN] = { on_drain, false, true },
	[cairn_Ask_ASK_UNDRAIN] = { on_undrain, false, true },
	[cairn_Ask_ASK_FENCED] = { on_fenced, false, true },
	[cairn_Ask_ASK_RESTART] = { on_restart, true, false },
	[cairn_Ask_ASK_FORGET] = { on_forget, true, false },
	[cairn_Ask_ASK_MIGRATE] = { on_migrate, false, false },
	[cairn_Ask_ASK_DASHBOARD] = { on_dashboard, false, false },
	[cairn_Ask_ASK_DRILL] = { on_drill, false, true },
};

void co_request(struct co_session *s, const cairn_Request *q, const void *payload, size_t len)
{
	struct ask k = { s->c, s, { s->id, q->id, q->uid, q->gid }, q, payload, len, NULL, NULL };
	struct cr_err err = { 0 };

	if (q->gone) {
		co_asker_gone(s->c, s->id, &q->id);
		return;
	}
	if ((size_t)q->ask >= CR_ARRAY_SIZE(verbs) || !verbs[q->ask].on) {
		co_reply_error(s->c, &k.a, CR_EXIT_USAGE, "this coordinator cannot do that");
		return;
	}
	if (verbs[q->ask].job)
		k.j = *q->job ? co_job_find(s->c, q->job, &k.a, &err) : joined_job(&k, &err);
	if (verbs[q->ask].node) {
		k.n = co_node_find(s->c, q->node);
		if (k.a.uid && k.a.uid != geteuid())
			cr_fail(&err, CR_EXIT_PERMISSION, 0,
				"only root and whom crcoordinator runs as may do that");
		else if (!k.n)
			cr_fail(&err, CR_EXIT_NOT_FOUND, 0, "no node %s in this cluster", q->node);
	}
	if (err.status)
		co_reply_error(s->c, &k.a, err.status, "%s", err.text);
	else
		verbs[q->ask].on(&k);
}
