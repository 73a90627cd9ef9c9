// SPDX-License-Identifier: Apache-2.0
//
// How the members of a job end and go elsewhere: where to, what has to be there, and the orders.
// When, is reconcile.c's.
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "coordinator/operations.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/move_places.h"
#include "coordinator/nodes.h"
#include "coordinator/placement.h"
#include "coordinator/recovery.h"
#include "coordinator/session.h"

#define KILLS 4 /* without effect, until nodes are asked whom they have */

/* ---- ending ---- */

void co_kill_all(struct co_job *j)
{
	bool ask = ++j->kills % KILLS == 0;
	size_t i;

	for (i = 0; i < j->n; i++) {
		struct co_member *m = &j->v[i];

		if (!co_lives(m))
			continue;
		co_member_set(m, CO_DYING);
		co_member_kill(m, 0);
		/* Should its node not know it: coming anew, it tells whom it has. */
		if (ask && m->node->session)
			co_session_close(m->node->session);
	}
}

/* ---- placing ---- */

struct places {
	struct cr_place_node *nodes;
	struct cr_place_label *labels;
	struct cr_place_member *members;
	unsigned int *images, *where;
	unsigned int *numbers; /* members' */
	size_t n;
};

static void free_places(struct places *p)
{
	free(p->nodes);
	free(p->labels);
	free(p->members);
	free(p->images);
	free(p->where);
	free(p->numbers);
}

static size_t take_labels(const cairn_Label *from, size_t n, struct cr_place_label *to)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = (struct cr_place_label){ from[i].key, from[i].value };
	return n;
}

static void describe_nodes(struct co *c, uid_t uid, struct places *p)
{
	struct cr_place_label *at = p->labels;
	size_t i;

	for (i = 0; i < c->nodes.n; i++) {
		const struct co_node *n = c->nodes.v[i];
		struct cr_place_node *to = &p->nodes[i];

		*to = (struct cr_place_node){
			.name = n->hello.name,
			.up = n->up && n->session && n->told,
			.draining = n->draining || n->leaving,
			.privileged = n->hello.privileged,
			.uid = n->hello.uid,
			.criu = n->hello.criu && (n->hello.criu_users || n->hello.uid == uid),
			.labels = at,
			.store_free = n->hello.store_free,
			.load_percent = n->load_percent,
			.members = n->live,
		};
		to->n_labels = take_labels(n->hello.labels, n->hello.labels_count, at);
		at += to->n_labels;
	}
}

/* Indices of the nodes that have an image. */
static size_t holders(struct co *c, const struct co_image *image, unsigned int *to)
{
	size_t i, n = 0;

	for (i = 0; i < c->nodes.n; i++)
		if (c->nodes.v[i]->store && co_image_at(image, c->nodes.v[i]->store))
			to[n++] = i;
	return n;
}

/* Who is to be placed. */
static bool goes(const struct co_job *j, const struct co_checkpoint *k, bool living, size_t i)
{
	if (living)
		return co_lives(&j->v[i]);
	return k ? i < k->n && k->images[i].there : j->v[i].commanded && !j->v[i].added;
}

void co_plan_free(struct co_job *j)
{
	free(j->plan);
	j->plan = NULL;
}

bool co_plan(struct co_job *j, struct co_checkpoint *k, bool living, char why[CR_PLACE_WHY])
{
	bool recovery = k || living || j->restarts;
	struct co *c = j->c;
	struct cr_place_job job = { .uid = j->uid,
				    .spread = j->policy.spread,
				    .criu = j->policy.criu,
				    .recovery = recovery };
	struct cr_place_label wanted[16];
	struct places p = { 0 };
	size_t i, used = 0, most = 0;
	bool ok;

	for (i = 0; k && i < k->n; i++)
		most += k->images[i].holdings.n;
	p.nodes = cr_xcalloc(c->nodes.n + 1, sizeof(*p.nodes));
	p.labels = cr_xcalloc(c->nodes.n * 16 + 1, sizeof(*p.labels));
	p.members = cr_xcalloc(j->n + 1, sizeof(*p.members));
	/* Several nodes may share a store: then each of them is a holder. */
	p.images = cr_xcalloc((most + 1) * (c->stores.n < c->nodes.n ? c->nodes.n : 1) + 1,
			      sizeof(*p.images));
	p.where = cr_xcalloc(j->n + 1, sizeof(*p.where));
	p.numbers = cr_xcalloc(j->n + 1, sizeof(*p.numbers));
	describe_nodes(c, j->uid, &p);
	for (i = 0; i < j->n; i++) {
		struct cr_place_member *to = &p.members[p.n];

		if (!goes(j, k, living, i))
			continue;
		*to = (struct cr_place_member){ .images = p.images + used };
		if (j->v[i].node && recovery)
			to->before = j->v[i].node->hello.name;
		if (j->v[i].wish)
			to->only = j->v[i].wish->hello.name;
		co_move_place(&j->v[i], to);
		if (k)
			to->n_images = holders(c, &k->images[i], p.images + used);
		used += to->n_images;
		p.numbers[p.n++] = i;
	}
	for (i = 0; i < j->avoided.n; i++)
		if (co_now() < j->avoided.v[i].until_ms)
			p.nodes[j->avoided.v[i].node->index].excluded = true;
	if (i && co_now() >= j->avoided.v[i - 1].until_ms)
		j->avoided.n = 0;
	job.labels = wanted;
	job.n_labels = take_labels(j->policy.labels, j->policy.labels_count, wanted);
	job.members = p.members;
	job.n_members = p.n;
	ok = cr_place(p.nodes, c->nodes.n, &job, p.where, why);
	co_plan_free(j);
	j->plan = ok ? cr_xcalloc(j->n + 1, sizeof(*j->plan)) : NULL;
	for (i = 0; ok && i < p.n; i++)
		j->plan[p.numbers[i]] = c->nodes.v[p.where[i]];
	free_places(&p);
	return ok;
}

struct co_node *co_place_one(struct co_job *j, const char *only, char why[CR_PLACE_WHY])
{
	struct cr_place_member member = { .only = only };
	struct cr_place_label wanted[16];
	struct cr_place_job job = { .uid = j->uid,
				    .spread = j->policy.spread,
				    .criu = j->policy.criu,
				    .labels = wanted,
				    .members = &member,
				    .n_members = 1 };
	struct places p = { 0 };
	unsigned int where;
	bool ok;
	size_t i;

	p.nodes = cr_xcalloc(j->c->nodes.n + 1, sizeof(*p.nodes));
	p.labels = cr_xcalloc(j->c->nodes.n * 16 + 1, sizeof(*p.labels));
	describe_nodes(j->c, j->uid, &p);
	for (i = 0; i < j->n; i++)
		if (co_lives(&j->v[i]))
			p.nodes[j->v[i].node->index].has_member = true;
	job.n_labels = take_labels(j->policy.labels, j->policy.labels_count, wanted);
	ok = cr_place(p.nodes, j->c->nodes.n, &job, &where, why);
	free_places(&p);
	return ok ? j->c->nodes.v[where] : NULL;
}

/* ---- starting ---- */

bool co_plan_holds(const struct co_job *j)
{
	size_t i;

	for (i = 0; j->plan && i < j->n; i++)
		if (j->plan[i] && !co_node_takes(j->plan[i]))
			return false;
	return j->plan;
}

static bool recovery_lacks(const struct co_job *j, const struct co_checkpoint *k, size_t i)
{
	return k->images[i].there && !co_image_at(&k->images[i], j->plan[i]->store);
}

bool co_plan_has_images(const struct co_job *j, const struct co_checkpoint *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (recovery_lacks(j, k, i))
			return false;
	return true;
}

void co_plan_ship(struct co_job *j, struct co_checkpoint *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (recovery_lacks(j, k, i))
			co_image_ship(j, k, i, j->plan[i]);
}

void co_plan_start(struct co_job *j, struct co_checkpoint *k)
{
	size_t i;

	for (i = 0; i < j->n; i++) {
		struct co_member *m = &j->v[i];

		if (!j->plan[i]) {
			if (m->life != CO_NONE)
				co_member_set(m, CO_NONE);
			continue;
		}
		m->node = j->plan[i];
		m->epoch = j->epoch;
		m->life = CO_DEAD;
		co_member_set(m, CO_STARTING);
	}
	if (k)
		co_operation_restore(j, k->number);
	co_job_set(j, k ? CO_JOB_RESTARTING : CO_JOB_STARTING, "");
	for (i = 0; i < j->n; i++)
		if (j->plan[i])
			co_member_start(&j->v[i], k ? k->number : 0);
	co_plan_free(j);
}
