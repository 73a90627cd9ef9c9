// SPDX-License-Identifier: Apache-2.0
//
// Jobs leave nodes before these fail: once a second the coordinator looks at what nodes have told,
// has evacuate.c decide, and moves one job at a time from each node (move.c). It is here and not in
// each crnode, as only here it is known where a job fits and what else is on its way there.
//
// Each decision is an event with its numbers: "evacuate", "evacuate-dry-run" when it is only told,
// "evacuate-stuck" when a job should go and none can. What is remembered between two looks is in
// memory only; when jobs were moved last is found again in the events.
#include "coordinator/prevention.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/evacuate.h"
#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/move.h"
#include "coordinator/nodes.h"
#include "coordinator/outlook.h"
#include "coordinator/placement.h"
#include "coordinator/recovery.h"
#include "coordinator/telemetry.h"

#define LOOK_MS 1000
#define ARRIVED_MS 15000 /* until what has come somewhere is in the values of there */
#define EVENTS_BACK 20000

/* A job that is on its way, or was a moment ago. */
struct coming {
	uint64_t job;
	struct co_node *from, *to;
	double cpus, memory_bytes, store_bytes;
	int64_t until_ms;
};

struct co_prevention {
	int64_t look_ms;
	CR_LIST(struct coming) coming;
};

/* What evacuate.c is asked about. */
struct question {
	struct co *c;
	struct cr_evac_cluster cluster;
	struct co_member **members; /* by job of the cluster's */
};

static int64_t wall_ms(void)
{
	return cr_now_ns(CLOCK_REALTIME) / 1000000;
}

static void add_coming(struct co *c, struct cr_evac_node *nodes)
{
	size_t i;

	for (i = 0; i < c->prevention->coming.n; i++) {
		const struct coming *one = &c->prevention->coming.v[i];
		struct cr_evac_node *to = &nodes[one->to->index];

		to->coming_cpus += one->cpus;
		to->coming_memory += one->memory_bytes;
		to->coming_store += one->store_bytes;
	}
}

/* ---- jobs ---- */

static const char *busy(const struct co_member *m)
{
	const struct co_job *j = m->job;

	if (j->move.stage)
		return "is being moved";
	if (j->state != CO_JOB_RUNNING || m->life != CO_RUNNING)
		return "does not run now";
	return NULL;
}

static const struct co_checkpoint *newest(const struct co_job *j)
{
	const struct co_checkpoint *k = j->checkpoints;

	while (k && k->state != CO_COMMITTED)
		k = k->next;
	return k;
}

/* Nobody measures the CPUs of a job; what the node uses is taken to be shared evenly. */
static double cpus_of(const struct co_node *n)
{
	const cairn_NodeSample *s = co_telemetry_newest(n);

	if (!s || !s->has_cpu_percent || !s->has_cpus || !n->live)
		return 0;
	return s->cpu_percent / 100 * s->cpus / n->live;
}

static void describe_job(const struct co_member *m, struct cr_evac_job *to)
{
	const struct co_job *j = m->job;
	const struct co_checkpoint *k = newest(j);

	*to = (struct cr_evac_job){
		.name = j->name,
		.node = m->node->index,
		.members = j->live,
		.memory_bytes = m->rss_bytes,
		.cpus = cpus_of(m->node),
		.checkpoint_age_s = k ? (wall_ms() - k->at) / 1e3 : INFINITY,
		.wall_s = j->wall_ns / 1e9,
		.moved_s = j->evacuated_ms ? (co_now() - j->evacuated_ms) / 1e3 : INFINITY,
		.busy = busy(m),
	};
	if (k && m->number < k->n && k->images[m->number].holdings.n)
		to->image_bytes = k->images[m->number].holdings.v[0].bytes;
}

static bool fits(const void *arg, size_t job, size_t node)
{
	const struct question *q = arg;
	char why[CR_PLACE_WHY];

	return co_place_one(q->members[job]->job, q->c->nodes.v[node]->hello.name, why);
}

static bool has_image(const void *arg, size_t job, size_t node)
{
	const struct question *q = arg;
	const struct co_member *m = q->members[job];
	const struct co_checkpoint *k = newest(m->job);
	const struct co_store *store = q->c->nodes.v[node]->store;

	return k && m->number < k->n && store && co_image_at(&k->images[m->number], store);
}

/* ---- a question ---- */

static size_t count_members(const struct co *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->jobs.n; i++)
		n += c->jobs.v[i]->live;
	return n;
}

static void ask_free(struct question *q)
{
	free(q->cluster.nodes);
	free((void *)q->cluster.jobs);
	free(q->members);
}

static void ask_of_nodes(struct co *c, struct question *q)
{
	struct cr_evac_node *nodes = cr_xcalloc(c->nodes.n + 1, sizeof(*nodes));
	size_t i;

	/* They are pointed to, and must not be moved any more. */
	if (c->nodes.n)
		co_outlook_watch(c->nodes.v[c->nodes.n - 1]);
	*q = (struct question){ .c = c };
	q->cluster = (struct cr_evac_cluster){
		.policy = co_outlook_policy(c),
		.nodes = nodes,
		.n_nodes = c->nodes.n,
		.fits = fits,
		.has_image = has_image,
		.arg = q,
	};
	/* Labels, users and the like are looked at when a job is to go there. */
	for (i = 0; i < c->nodes.n; i++) {
		co_outlook_describe(c->nodes.v[i], &nodes[i]);
		nodes[i].takes = co_telemetry_newest(c->nodes.v[i]) && co_node_takes(c->nodes.v[i]);
	}
	add_coming(c, nodes);
}

/* Only when some node may have to be left: there may be many. */
static void ask_of_jobs(struct question *q)
{
	size_t i, k, most = count_members(q->c), n = 0;
	struct cr_evac_job *jobs = cr_xcalloc(most + 1, sizeof(*jobs));

	q->members = cr_xcalloc(most + 1, sizeof(struct co_member *));
	q->cluster.jobs = jobs;
	for (i = 0; i < q->c->jobs.n; i++)
		for (k = 0; k < q->c->jobs.v[i]->n && n < most; k++) {
			struct co_member *m = &q->c->jobs.v[i]->v[k];

			if (!co_lives(m) || !m->node)
				continue;
			q->members[n] = m;
			describe_job(m, &jobs[n++]);
		}
	q->cluster.n_jobs = n;
}

static void ask(struct co *c, struct question *q)
{
	bool trouble = false;
	size_t i;

	ask_of_nodes(c, q);
	for (i = 0; i < c->nodes.n; i++)
		trouble |= cr_evac_troubled(&q->cluster, i);
	if (trouble)
		ask_of_jobs(q);
}

/* ---- what is done ---- */

static bool is_moving(struct co *c, const struct coming *one)
{
	const struct co_job *j = co_job_by_id(c, one->job);

	return j && j->move.stage;
}

/* Who has arrived counts for a while, until the node tells of it itself. */
static void forget_arrived(struct co *c, int64_t now)
{
	size_t i = 0;

	while (i < c->prevention->coming.n) {
		struct coming *one = &c->prevention->coming.v[i];

		if (is_moving(c, one)) {
			one->until_ms = now + ARRIVED_MS;
			/* With each second on its way the time begins anew. */
			co_outlook_left(one->from, now);
		}
		if (now < one->until_ms)
			i++;
		else
			*one = c->prevention->coming.v[--c->prevention->coming.n];
	}
}

static bool one_leaves(struct co *c, const struct co_node *n)
{
	size_t i;

	for (i = 0; i < c->prevention->coming.n; i++)
		if (c->prevention->coming.v[i].from == n &&
		    is_moving(c, &c->prevention->coming.v[i]))
			return true;
	return false;
}

static void note_coming(struct question *q, size_t job, struct co_node *from, struct co_node *to,
			int64_t now)
{
	const struct cr_evac_job *j = &q->cluster.jobs[job];
	struct coming *one = cr_xlist_add(&q->c->prevention->coming);

	*one = (struct coming){
		.job = q->members[job]->job->id,
		.from = from,
		.to = to,
		.cpus = j->cpus,
		.memory_bytes = j->memory_bytes,
		.store_bytes = has_image(q, job, to->index) ? 0 : j->image_bytes,
		.until_ms = now + ARRIVED_MS,
	};
}

static void move_one(struct question *q, size_t job, struct co_node *from, struct co_node *to,
		     const char *why, const char *reason, int64_t now)
{
	struct co_member *m = q->members[job];
	struct co_moving what = { .member = m->number, .to = to, .why = reason };
	struct cr_err err = { 0 };

	co_event(q->c, "evacuate", m->job, from, m->number, "%s", why);
	m->job->evacuated_ms = now;
	co_outlook_left(from, now);
	note_coming(q, job, from, to, now);
	if (co_move(m->job, &what, &err))
		co_event(q->c, "evacuate-failed", m->job, from, m->number, "%s", err.text);
}

/* Once while it lasts, and again after a cooldown. */
static void tell_once(struct question *q, struct co_node *n, size_t job, const char *kind,
		      const char *why, int64_t now)
{
	const struct cr_evac_policy *p = q->cluster.policy;
	struct co_member *m = job < q->cluster.n_jobs ? q->members[job] : NULL;

	if (n->stuck_ms && now - n->stuck_ms < (p->cooldown_s < 10 ? 10 : p->cooldown_s) * 1000)
		return;
	n->stuck_ms = now;
	co_event(q->c, kind, m ? m->job : NULL, n, m ? (int)m->number : -1, "%s", why);
}

/* True: something has been moved, so that what was asked about is of the past. */
static bool look_at_node(struct question *q, size_t i, int64_t now)
{
	struct co_node *n = q->c->nodes.v[i];
	struct cr_evac_reason reason;
	size_t job, target;
	char why[CR_EVAC_WHY];

	cr_evac_look(&q->cluster, i, now);
	if (!cr_evac_due(&q->cluster, i, now, &reason)) {
		n->stuck_ms = 0;
		return false;
	}
	if (!n->up || n->draining || n->leaving || one_leaves(q->c, n))
		return false;
	if (!cr_evac_choose(&q->cluster, i, now, &reason, &job, &target, why)) {
		tell_once(q, n, q->cluster.n_jobs, "evacuate-stuck", why, now);
		return false;
	}
	if (q->c->options.evacuate_dry_run) {
		tell_once(q, n, job, "evacuate-dry-run", why, now);
		return false;
	}
	move_one(q, job, n, q->c->nodes.v[target], why, reason.text, now);
	return true;
}

void co_prevention_tick(struct co *c)
{
	struct co_prevention *p = c->prevention;
	int64_t now = co_now();
	struct question q;
	size_t i;

	if (!co_outlook_policy(c)->any || now - p->look_ms < LOOK_MS || !co_settled(c))
		return;
	p->look_ms = now;
	forget_arrived(c, now);
	ask(c, &q);
	for (i = 0; i < c->nodes.n; i++)
		if (look_at_node(&q, i, now)) {
			ask_free(&q);
			ask(c, &q);
		}
	ask_free(&q);
}

/* ---- the beginning and the end ---- */

/* A coordinator that was started again keeps to the cooldown, too. */
static bool on_event(const cairn_EventRow *row, void *arg)
{
	struct co *c = arg;
	int64_t ago = wall_ms() - row->at_ms;
	struct co_node *n = co_node_find(c, row->node);
	size_t i;

	if (strcmp(row->kind, "evacuate") || ago < 0 || ago > c->options.evacuate_cooldown * 1000)
		return true;
	for (i = 0; i < c->jobs.n; i++)
		if (!strcmp(c->jobs.v[i]->name, row->job) && !co_job_over(c->jobs.v[i]))
			c->jobs.v[i]->evacuated_ms = co_now() - ago;
	if (n)
		co_outlook_watch(n)->left_ms = co_now() - ago;
	return true;
}

void co_prevention_init(struct co *c)
{
	c->prevention = cr_xcalloc(1, sizeof(*c->prevention));
	if (!co_outlook_policy(c)->any)
		return;
	co_events_each(c, c->next_event > EVENTS_BACK ? c->next_event - EVENTS_BACK : 0,
		       EVENTS_BACK, on_event, c);
	cr_say("jobs leave nodes at %s%s", c->options.evacuate,
	       c->options.evacuate_dry_run ? "; dry run: it is only told" : "");
}

void co_prevention_free(struct co *c)
{
	if (!c->prevention)
		return;
	free(c->prevention->coming.v);
	free(c->prevention);
	c->prevention = NULL;
}
