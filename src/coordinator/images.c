// SPDX-License-Identifier: Apache-2.0
//
// Where images lie: which stores have each one, orders for copies, when there are enough of them,
// what goes when newer ones are there. Known from what nodes tell; only which checkpoints there are
// is in the database. A store is a directory, which several nodes may share: it is there as long as
// one of its nodes is.
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/hurry.h"
#include "coordinator/images.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/move_places.h"
#include "coordinator/nodes.h"
#include "coordinator/session.h"

#define AGAIN_MS 10000 /* to who could not take a copy */

struct co_checkpoint *co_checkpoint(struct co_job *j, unsigned int number)
{
	struct co_checkpoint *k = j->checkpoints;

	while (k && k->number != number)
		k = k->next;
	return k;
}

struct co_checkpoint *co_checkpoint_add(struct co_job *j, unsigned int number)
{
	struct co_checkpoint *k = cr_xcalloc(1, sizeof(*k));

	k->number = number;
	k->n = j->n;
	k->images = cr_xcalloc(k->n + 1, sizeof(*k->images));
	k->missing = j->n;
	k->next = j->checkpoints;
	j->checkpoints = k;
	return k;
}

void co_checkpoint_free(struct co_checkpoint *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		free(k->images[i].holdings.v);
	free(k->images);
	free(k);
}

void co_checkpoint_save(struct co_job *j, struct co_checkpoint *k)
{
	uint32_t *members = cr_xcalloc(k->n + 1, sizeof(*members));
	size_t i, n = 0;

	for (i = 0; i < k->n; i++)
		if (k->images[i].there)
			members[n++] = i;
	co_db_write(j->c->db, CO_SQL_CHECKPOINT, "iiiiibii", (int64_t)j->id, (int64_t)k->number,
		    (int64_t)k->state, (int64_t)k->intent, k->at, members, n * sizeof(*members),
		    (int64_t)k->stall_ns, (int64_t)k->wall_ns);
	free(members);
}

/* A node by which to reach a store. */
static struct co_node *node_of(struct co *c, const struct co_store *s)
{
	size_t i;

	for (i = 0; i < c->nodes.n; i++)
		if (c->nodes.v[i]->store == s && c->nodes.v[i]->session)
			return c->nodes.v[i];
	return NULL;
}

static void send_drop(struct co_node *n, uint64_t job, unsigned int member, unsigned int number)
{
	cairn_ClusterMsg *m = co_message(n->c, cairn_ClusterMsg_drop_tag);

	m->body.drop.job = job;
	m->body.drop.member = member;
	m->body.drop.number = number;
	co_send_node(n, m, NULL, 0);
}

void co_checkpoint_drop(struct co_job *j, struct co_checkpoint *k)
{
	struct co_checkpoint **p = &j->checkpoints;
	struct co_node *n;
	size_t i, h;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	co_db_write(j->c->db, CO_SQL_CHECKPOINT_REMOVE, "ii", (int64_t)j->id, (int64_t)k->number);
	for (i = 0; i < k->n; i++)
		for (h = 0; h < k->images[i].holdings.n; h++) {
			n = node_of(j->c, k->images[i].holdings.v[h].store);
			if (n)
				send_drop(n, j->id, i, k->number);
		}
	co_checkpoint_free(k);
}

/* ---- which copies there are ---- */

static struct co_holding *holding(struct co_image *i, struct co_store *s, bool make)
{
	struct co_holding *h;
	size_t n;

	for (n = 0; n < i->holdings.n; n++)
		if (i->holdings.v[n].store == s)
			return &i->holdings.v[n];
	if (!make)
		return NULL;
	h = cr_xlist_add(&i->holdings);
	h->store = s;
	return h;
}

bool co_image_at(const struct co_image *i, const struct co_store *s)
{
	struct co_holding *h = holding((struct co_image *)i, (struct co_store *)s, false);

	return h && h->state == cairn_HoldingState_HOLDING_COMPLETE;
}

struct co_store *co_image_source(const struct co_image *i, const struct co_store *not_this)
{
	size_t n;

	for (n = 0; n < i->holdings.n; n++) {
		const struct co_holding *h = &i->holdings.v[n];

		if (h->state == cairn_HoldingState_HOLDING_COMPLETE && h->store->up &&
		    h->store != not_this)
			return h->store;
	}
	return NULL;
}

unsigned int co_image_copies(const struct co_image *i)
{
	unsigned int n = 0;
	size_t h;

	for (h = 0; h < i->holdings.n; h++)
		if (i->holdings.v[h].state == cairn_HoldingState_HOLDING_COMPLETE)
			n += i->holdings.v[h].store->up;
	return n;
}

/* From whom: who has it, or, while it is written, its member's own node. */
static struct co_node *source(struct co_job *j, struct co_checkpoint *k, unsigned int member)
{
	struct co_store *s = co_image_source(&k->images[member], NULL);

	if (s)
		return node_of(j->c, s);
	if (j->operation.active && j->operation.number == k->number && member < j->n &&
	    j->v[member].takes_part && co_lives(&j->v[member]))
		return j->v[member].node;
	return NULL;
}

/*
 * As many as the policy asks for, or all that can have it: who is being emptied takes no copies, so
 * counts only where the image is anyway.
 */
static unsigned int images_wanted(struct co_job *j, struct co_checkpoint *k, unsigned int member)
{
	const struct co_node *from = source(j, k, member);
	unsigned int replicas = j->policy.replicas, most, can = 0;
	size_t i;

	/* There is no time for more. */
	if (replicas > 1 && co_hurry_is(j))
		replicas = 1;
	most = replicas + 1;
	for (i = 0; i < j->c->nodes.n && can < most; i++) {
		const struct co_node *n = j->c->nodes.v[i];

		can += n->up && n->store &&
		       ((!n->draining && !n->leaving) || (from && n->store == from->store) ||
			co_image_at(&k->images[member], n->store));
	}
	return can;
}

static bool has_enough(struct co_job *j, struct co_checkpoint *k, unsigned int member)
{
	unsigned int want = images_wanted(j, k, member);

	return want && co_image_copies(&k->images[member]) >= want;
}

static void images_count(struct co_job *j, struct co_checkpoint *k)
{
	size_t i;

	k->missing = 0;
	for (i = 0; i < k->n; i++) {
		k->images[i].enough = !k->images[i].there || has_enough(j, k, i);
		k->missing += !k->images[i].enough;
	}
}

void co_image_set(struct co_job *j, struct co_checkpoint *k, unsigned int member,
		  struct co_store *s, cairn_HoldingState state, uint64_t bytes)
{
	struct co_image *i = &k->images[member];
	struct co_holding *h = holding(i, s, true);
	bool enough;

	h->generation = s->generation;
	h->state = state;
	if (bytes)
		h->bytes = bytes;
	if (state != cairn_HoldingState_HOLDING_WRITING)
		h->ordered = false;
	enough = !i->there || has_enough(j, k, i - k->images);
	if (enough != i->enough)
		k->missing += enough ? -1 : 1;
	i->enough = enough;
}

/* ---- orders ---- */

static bool images_usable(const struct co_node *n)
{
	return n->up && n->session && n->hello.image_port && n->hello.addresses_count &&
	       !n->draining && !n->leaving && (!n->full_ms || co_now() - n->full_ms > AGAIN_MS);
}

static bool images_order(struct co_job *j, struct co_checkpoint *k, unsigned int member,
			 struct co_node *from, struct co_node *to)
{
	cairn_ClusterMsg *m = co_message(j->c, cairn_ClusterMsg_ship_tag);
	struct co_holding *h;

	m->body.ship.job = j->id;
	m->body.ship.member = member;
	m->body.ship.number = k->number;
	strcpy(m->body.ship.node, to->hello.name);
	strcpy(m->body.ship.address, to->hello.addresses[0]);
	m->body.ship.port = to->hello.image_port;
	if (!co_send_node(from, m, NULL, 0))
		return false;
	h = holding(&k->images[member], to->store, true);
	h->ordered = true;
	h->from = from->store;
	h->generation = to->store->generation;
	return true;
}

bool co_image_ship(struct co_job *j, struct co_checkpoint *k, unsigned int member,
		   struct co_node *to)
{
	struct co_image *i = &k->images[member];
	struct co_holding *h = holding(i, to->store, false);
	struct co_store *s = co_image_source(i, to->store);
	struct co_node *from = s ? node_of(j->c, s) : NULL;

	if (h && h->ordered && h->from->up)
		return true;
	return from && images_order(j, k, member, from, to);
}

bool co_images_coming(const struct co_checkpoint *k)
{
	size_t i, h;

	for (i = 0; i < k->n; i++)
		for (h = 0; !k->images[i].enough && h < k->images[i].holdings.n; h++)
			if (k->images[i].holdings.v[h].ordered)
				return true;
	return false;
}

static bool refused_lately(const struct co_holding *h)
{
	return h && h->failed_ms && co_now() - h->failed_ms < AGAIN_MS;
}

/* Whoever can take one, and is not being sent one. */
static bool wants_copy(const struct co_image *i, const struct co_node *from,
		       const struct co_node *to)
{
	const struct co_holding *there = holding((struct co_image *)i, to->store, false);

	return images_usable(to) && to->store != from->store &&
	       !(there && (there->state == cairn_HoldingState_HOLDING_COMPLETE || there->ordered ||
			   refused_lately(there)));
}

/*
 * Where its member is being moved to gets one first of all. Else nodes next to the source in the
 * ring: each one as many as any other.
 */
static void reconcile_one(struct co_job *j, struct co_checkpoint *k, unsigned int member)
{
	struct co_image *i = &k->images[member];
	struct co_node *from = source(j, k, member), *to;
	unsigned int want = images_wanted(j, k, member), have = 0;
	struct co *c = j->c;
	size_t n, h;

	if (!from || !from->session)
		return;
	for (h = 0; h < i->holdings.n; h++) {
		struct co_holding *one = &i->holdings.v[h];

		if (one->ordered && !(one->store->up && one->from->up))
			one->ordered = false;
		if (one->state == cairn_HoldingState_HOLDING_COMPLETE || one->ordered)
			have += one->store->up;
	}
	if (!co_image_at(i, from->store))
		have += from->store->up;
	to = k->number == j->move.number ? co_move_goes_to(j, member) : NULL;
	if (to && wants_copy(i, from, to) && images_order(j, k, member, from, to))
		have += to->store->up;
	for (n = 1; n < c->nodes.n && have < want; n++) {
		to = c->nodes.v[(from->index + n) % c->nodes.n];
		if (wants_copy(i, from, to) && images_order(j, k, member, from, to))
			have += to->store->up;
	}
}

void co_images_reconcile(struct co_job *j)
{
	struct co_checkpoint *k;
	size_t i;

	for (k = j->checkpoints; k; k = k->next) {
		images_count(j, k);
		for (i = 0; i < k->n; i++)
			if (!k->images[i].enough)
				reconcile_one(j, k, i);
	}
}

/* ---- what nodes tell ---- */

static void images_failed(struct co_node *n, struct co_job *j, struct co_image *image,
			  const cairn_Holding *h)
{
	const char *why = *h->error ? h->error : "damaged";
	bool sent = h->state == cairn_HoldingState_HOLDING_COMPLETE;
	size_t i;

	co_event(n->c, "copy-failed", j, n, h->member, "checkpoint %u: %s", (unsigned int)h->number,
		 why);
	snprintf(j->trouble, sizeof(j->trouble), "%.60s: %.180s", n->hello.name, why);
	if (h->state == cairn_HoldingState_HOLDING_GONE) {
		n->full_ms = co_now();
		holding(image, n->store, true)->failed_ms = co_now();
	}
	/* It has it, and could not bring it to where it was to. */
	for (i = 0; sent && i < image->holdings.n; i++)
		if (image->holdings.v[i].ordered && image->holdings.v[i].from == n->store) {
			image->holdings.v[i].ordered = false;
			image->holdings.v[i].failed_ms = co_now();
		}
}

void co_image_holding(struct co_node *n, const cairn_Holding *h)
{
	struct co_job *j = co_job_by_id(n->c, h->job);
	struct co_checkpoint *k;
	bool gone = h->state == cairn_HoldingState_HOLDING_GONE;

	if (j) {
		k = co_checkpoint(j, h->number);
		if (!k && !gone) {
			/* Given up, or replaced by newer ones, while the node was away. */
			send_drop(n, h->job, h->member, h->number);
		} else if (k && h->member < k->n) {
			if (*h->error || h->state == cairn_HoldingState_HOLDING_DAMAGED)
				images_failed(n, j, &k->images[h->member], h);
			co_image_set(j, k, h->member, n->store, h->state, h->bytes);
			if (j->operation.active && j->operation.number == h->number)
				j->operation.progress_ms = co_now();
			if (n->told &&
			    (gone || *h->error || h->state == cairn_HoldingState_HOLDING_DAMAGED))
				co_job_copies_due(j);
			else if (h->state == cairn_HoldingState_HOLDING_COMPLETE)
				co_job_dirty(j);
		}
	}
}

/* What the inventory did not name is not there; orders to and from it are given again. */
void co_images_swept(struct co_node *n)
{
	struct co *c = n->c;
	struct co_checkpoint *k;
	size_t i, m, h;

	for (i = 0; i < c->jobs.n; i++) {
		struct co_job *j = c->jobs.v[i];

		for (k = j->checkpoints; k; k = k->next)
			for (m = 0; m < k->n; m++)
				for (h = 0; h < k->images[m].holdings.n; h++) {
					struct co_holding *one = &k->images[m].holdings.v[h];

					if (one->ordered &&
					    (one->from == n->store || one->store == n->store))
						one->ordered = false;
					if (one->store == n->store &&
					    one->generation != n->store->generation)
						one->state = cairn_HoldingState_HOLDING_GONE;
				}
		co_job_copies_due(j);
	}
}

/* ---- which to restart from, which to keep ---- */

struct co_checkpoint *co_checkpoint_good(struct co_job *j, const char **why)
{
	struct co_checkpoint *k;
	size_t i, h;

	*why = "there is no checkpoint yet";
	for (k = j->checkpoints; k; k = k->next) {
		bool damaged = false, away = false;

		if (k->state != CO_COMMITTED)
			continue;
		for (i = 0; i < k->n && !damaged; i++) {
			struct co_image *image = &k->images[i];
			bool bad = false, elsewhere = false;

			if (!image->there || co_image_source(image, NULL))
				continue;
			away = true;
			for (h = 0; h < image->holdings.n; h++) {
				cairn_HoldingState state = image->holdings.v[h].state;

				bad |= state == cairn_HoldingState_HOLDING_DAMAGED;
				elsewhere |= state == cairn_HoldingState_HOLDING_COMPLETE;
			}
			damaged = bad && !elsewhere;
		}
		if (!away)
			return k;
		*why = "no node that is there has all images of the newest checkpoint";
		/* Only if it is beyond hope an older one is better than waiting. */
		if (!damaged)
			return NULL;
		*why = "all copies of an image are damaged";
	}
	return NULL;
}

void co_images_retain(struct co_job *j)
{
	struct co_checkpoint *k, *next;
	unsigned int kept = 0;
	uint64_t bytes = 0;
	size_t i;

	for (k = j->checkpoints; k; k = next) {
		next = k->next;
		if (k->state != CO_COMMITTED) {
			/* One that was replaced before it was committed. */
			if (kept)
				co_checkpoint_drop(j, k);
			continue;
		}
		for (i = 0; i < k->n; i++)
			if (k->images[i].holdings.n)
				bytes += k->images[i].holdings.v[0].bytes;
		if (kept && (kept >= j->policy.keep ||
			     (j->policy.keep_bytes && bytes > j->policy.keep_bytes)))
			co_checkpoint_drop(j, k);
		else
			kept++;
	}
}
