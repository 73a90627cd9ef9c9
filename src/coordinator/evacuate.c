// SPDX-License-Identifier: Apache-2.0
//
// See evacuate.h.
#include "coordinator/evacuate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"

#define FILLING_MS 3000 /* for so long the trend says the same before it is believed */
#define REST_S 10 /* on top of what checkpoint and restart have taken */
#define NEED_MOST_S 1800
#define HELPS 0.02 /* of a node's memory: who has less does not help it */

static const char *const rooms[CR_EVAC_ROOMS] = { "memory", "disk", "store" };

static void evacuate_append(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void evacuate_append(char *out, size_t size, const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + len, size - len, format, args);
	va_end(args);
}

/* ---- what is seen of a node ---- */

/* A dip that is short beside the stated time is none. */
static void look_at(const struct cr_evac_policy *p, enum cr_evac_measure m, double value,
		    struct cr_evac_watch *w, int64_t now)
{
	double dip = p->of[m].seconds / 10;

	if (p->of[m].limit > 0 && value > p->of[m].limit) {
		w->below[m] = 0;
		if (!w->above[m])
			w->above[m] = now;
		return;
	}
	if (!w->above[m])
		return;
	if (!w->below[m])
		w->below[m] = now;
	if (isnan(value) || now - w->below[m] >= (dip < 1.5 ? 1.5 : dip) * 1000)
		w->above[m] = w->below[m] = 0;
}

/* So long it takes to get the slowest of its jobs away. */
static double need_s(const struct cr_evac_cluster *c, size_t node)
{
	double most = 0;
	size_t i;

	for (i = 0; i < c->n_jobs; i++)
		if (c->jobs[i].node == node && c->jobs[i].wall_s > most)
			most = c->jobs[i].wall_s;
	most = 2 * most + REST_S;
	return most < NEED_MOST_S ? most : NEED_MOST_S;
}

static double enough_s(const struct cr_evac_cluster *c, size_t node)
{
	double need = need_s(c, node);

	return need > c->policy->full_s ? need : c->policy->full_s;
}

/* The room that will be full first, and in time for something to be done about it. */
static bool soon_full(const struct cr_evac_cluster *c, size_t node, enum cr_evac_room *room)
{
	const struct cr_evac_node *n = &c->nodes[node];
	double first = enough_s(c, node);
	bool found = false;
	int i;

	for (i = 0; c->policy->full_s > 0 && i < CR_EVAC_ROOMS; i++)
		if (n->left[i].most <= first) {
			first = n->left[i].most;
			*room = i;
			found = true;
		}
	return found;
}

void cr_evac_look(const struct cr_evac_cluster *c, size_t node, int64_t now)
{
	struct cr_evac_node *n = &c->nodes[node];
	enum cr_evac_room room;
	int m;

	for (m = 0; m < CR_EVAC_MEASURES; m++)
		look_at(c->policy, m, n->value[m], n->watch, now);
	if (!soon_full(c, node, &room))
		n->watch->filling = 0;
	else if (!n->watch->filling)
		n->watch->filling = now;
}

bool cr_evac_troubled(const struct cr_evac_cluster *c, size_t node)
{
	const struct cr_evac_node *n = &c->nodes[node];
	bool is = false;
	int i;

	for (i = 0; i < CR_EVAC_MEASURES; i++)
		is |= n->watch->above[i] != 0;
	for (i = 0; i < CR_EVAC_ROOMS; i++)
		is |= c->policy->full_s > 0 && n->left[i].most <= 2 * NEED_MOST_S;
	return is;
}

void cr_evac_left(struct cr_evac_watch *w, int64_t now)
{
	*w = (struct cr_evac_watch){ .left_ms = now };
}

static void tell_above(const struct cr_evac_cluster *c, size_t node, enum cr_evac_measure m,
		       int64_t now, char *out, size_t size)
{
	const struct cr_evac_node *n = &c->nodes[node];

	evacuate_append(out, size, "%s %.3g above %.3g for %.0f s", cr_evac_word(m), n->value[m],
			c->policy->of[m].limit, (now - n->watch->above[m]) / 1e3);
}

static void tell_full(const struct cr_evac_cluster *c, size_t node, enum cr_evac_room room,
		      char *out, size_t size)
{
	const struct cr_trend_left *l = &c->nodes[node].left[room];

	evacuate_append(out, size, "%s full in %.0f s (%.0f to %.0f, r2 %.2f)", rooms[room],
			l->likely, l->least, l->most, l->r2);
}

bool cr_evac_due(const struct cr_evac_cluster *c, size_t node, int64_t now,
		 struct cr_evac_reason *why)
{
	const struct cr_evac_watch *w = c->nodes[node].watch;
	int m;

	why->text[0] = 0;
	why->trend = w->filling && now - w->filling >= FILLING_MS && soon_full(c, node, &why->room);
	if (why->trend) {
		tell_full(c, node, why->room, why->text, sizeof(why->text));
		evacuate_append(why->text, sizeof(why->text), ", within %.0f s", enough_s(c, node));
		return true;
	}
	for (m = 0; m < CR_EVAC_MEASURES; m++)
		if (w->above[m] && !w->below[m] &&
		    now - w->above[m] >= c->policy->of[m].seconds * 1000) {
			why->measure = m;
			tell_above(c, node, m, now, why->text, sizeof(why->text));
			return true;
		}
	return false;
}

void cr_evac_tell(const struct cr_evac_cluster *c, size_t node, int64_t now, char *out, size_t size)
{
	const struct cr_evac_watch *w = c->nodes[node].watch;
	const char *between = "";
	enum cr_evac_room room;
	int m;

	*out = 0;
	if (soon_full(c, node, &room)) {
		tell_full(c, node, room, out, size);
		between = "; ";
	}
	for (m = 0; m < CR_EVAC_MEASURES; m++)
		if (w->above[m]) {
			evacuate_append(out, size, "%s", between);
			tell_above(c, node, m, now, out, size);
			evacuate_append(out, size, " of %.3g s", c->policy->of[m].seconds);
			between = "; ";
		}
	if (w->left_ms && now - w->left_ms < c->policy->cooldown_s * 1000)
		evacuate_append(out, size, "%sa job left %.0f s ago, takes none for %.0f s",
				between, (now - w->left_ms) / 1e3,
				c->policy->cooldown_s - (now - w->left_ms) / 1e3);
}

/* ---- where a job may go ---- */

/* A measure of a node with the job's load added. */
static double with_job(const struct cr_evac_cluster *c, size_t node, enum cr_evac_measure m,
		       size_t job)
{
	const struct cr_evac_node *n = &c->nodes[node];
	const struct cr_evac_job *j = &c->jobs[job];
	double image = c->has_image(c->arg, job, node) ? 0 : j->image_bytes;

	if (m == CR_EVAC_CPU)
		return n->value[m] + (n->coming_cpus + j->cpus) / n->cpus;
	if (m == CR_EVAC_MEMORY)
		return n->value[m] + (n->coming_memory + j->memory_bytes) / n->memory_bytes;
	if (m == CR_EVAC_STORE)
		return n->value[m] + (n->coming_store + image) / n->store_bytes;
	return n->value[m];
}

/*
 * How near to its limits the node would be, 1: at one of them, at which. What is not known does not
 * count.
 */
static double tightness(const struct cr_evac_cluster *c, size_t node, size_t job,
			enum cr_evac_measure *which)
{
	double most = 0;
	int m;

	*which = CR_EVAC_MEMORY;
	for (m = 0; m < CR_EVAC_MEASURES; m++) {
		double part = with_job(c, node, m, job) / cr_evac_place_limit(c->policy, m);

		if (part > most) {
			most = part;
			*which = m;
		}
	}
	return most;
}

static bool may_take(const struct cr_evac_cluster *c, size_t node, int64_t now)
{
	const struct cr_evac_node *n = &c->nodes[node];
	int i;

	if (!n->takes ||
	    (n->watch->left_ms && now - n->watch->left_ms < c->policy->cooldown_s * 1000))
		return false;
	for (i = 0; c->policy->full_s > 0 && i < CR_EVAC_ROOMS; i++)
		if (n->left[i].most < 2 * c->policy->full_s)
			return false;
	return true;
}

struct option {
	size_t job, target; /* target n_nodes: none */
	double tight; /* there */
	bool image; /* the newest is there */
	bool helps;
};

/* The best target: one with the image, and the one that is farthest from its limits. */
static void find_target(const struct cr_evac_cluster *c, size_t from, int64_t now, struct option *o)
{
	size_t i;

	o->target = c->n_nodes;
	for (i = 0; i < c->n_nodes; i++) {
		bool image = c->has_image(c->arg, o->job, i);
		enum cr_evac_measure which;
		double tight;

		if (i == from || !may_take(c, i, now))
			continue;
		tight = tightness(c, i, o->job, &which);
		if (tight >= 1 ||
		    (o->target < c->n_nodes && (o->image != image ? o->image : o->tight <= tight)))
			continue;
		if (!c->fits(c->arg, o->job, i))
			continue;
		o->target = i;
		o->tight = tight;
		o->image = image;
	}
}

/* ---- which job goes ---- */

/* Its weight, in powers of two: what is about as heavy counts as the same. */
static int weight(const struct cr_evac_job *j)
{
	double bytes = j->image_bytes > 0 ? j->image_bytes : j->memory_bytes;

	return bytes > 1 ? ilogb(bytes) : 0;
}

/* Whether a is easier to move than b: the first difference decides. */
static bool easier(const struct cr_evac_cluster *c, const struct option *a, const struct option *b)
{
	const struct cr_evac_job *x = &c->jobs[a->job], *y = &c->jobs[b->job];

	if (a->helps != b->helps)
		return a->helps;
	if (x->members != y->members)
		return x->members < y->members;
	if (a->image != b->image)
		return a->image;
	if (weight(x) != weight(y))
		return weight(x) < weight(y);
	return x->checkpoint_age_s < y->checkpoint_age_s;
}

static bool about_memory(const struct cr_evac_reason *r)
{
	return r->trend ? r->room == CR_EVAC_ROOM_MEMORY :
			  r->measure == CR_EVAC_MEMORY || r->measure == CR_EVAC_PSI_MEMORY;
}

static void tell_move(const struct cr_evac_cluster *c, const struct option *o, char *why)
{
	const struct cr_evac_node *to = &c->nodes[o->target];
	const struct cr_evac_job *j = &c->jobs[o->job];
	int m;

	evacuate_append(why, CR_EVAC_WHY, ": %s goes to %s (image %.0f MiB%s, checkpoint ", j->name,
			to->name, j->image_bytes / 1048576, o->image ? ", which is there" : "");
	if (isfinite(j->checkpoint_age_s))
		evacuate_append(why, CR_EVAC_WHY, "%.0f s old", j->checkpoint_age_s);
	else
		evacuate_append(why, CR_EVAC_WHY, "none yet");
	for (m = 0; m < CR_EVAC_MEASURES; m++)
		if (!isnan(to->value[m]) && isfinite(cr_evac_place_limit(c->policy, m)))
			evacuate_append(why, CR_EVAC_WHY,
					"; %s there %.2f, with it %.2f, at most %.2f",
					cr_evac_word(m), to->value[m],
					with_job(c, o->target, m, o->job),
					cr_evac_place_limit(c->policy, m));
	evacuate_append(why, CR_EVAC_WHY, ")");
}

/* Why none of the nodes will do: of the one that is the nearest to it. */
static void tell_no_place(const struct cr_evac_cluster *c, size_t job, int64_t now, char *why)
{
	enum cr_evac_measure which, m = 0;
	double tight, least = INFINITY;
	size_t i, at = 0;

	for (i = 0; i < c->n_nodes; i++) {
		if (i == c->jobs[job].node || !may_take(c, i, now))
			continue;
		tight = tightness(c, i, job, &which);
		if (tight >= least)
			continue;
		least = tight;
		at = i;
		m = which;
	}
	if (isinf(least))
		evacuate_append(why, CR_EVAC_WHY, "no other node takes jobs now");
	else if (least < 1)
		evacuate_append(why, CR_EVAC_WHY, "may run on no other node that has room");
	else
		evacuate_append(why, CR_EVAC_WHY,
				"fits on no other node (on %s %s would be %.2f, at most %.2f)",
				c->nodes[at].name, cr_evac_word(m), with_job(c, at, m, job),
				cr_evac_place_limit(c->policy, m));
}

/* Of who stays, the first few by name. */
static void tell_stay(const struct cr_evac_cluster *c, size_t node, int64_t now, char *why)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < c->n_jobs; i++) {
		const struct cr_evac_job *j = &c->jobs[i];

		if (j->node != node || ++n > 3)
			continue;
		evacuate_append(why, CR_EVAC_WHY, "%s%s ", n > 1 ? ", " : ": ", j->name);
		if (j->moved_s < c->policy->cooldown_s)
			evacuate_append(why, CR_EVAC_WHY,
					"was moved %.0f s ago and stays for %.0f s", j->moved_s,
					c->policy->cooldown_s - j->moved_s);
		else if (j->busy)
			evacuate_append(why, CR_EVAC_WHY, "%s", j->busy);
		else
			tell_no_place(c, i, now, why);
	}
	if (n > 3)
		evacuate_append(why, CR_EVAC_WHY, ", and %u more", n - 3);
	if (!n)
		evacuate_append(why, CR_EVAC_WHY, ": no job is there");
}

bool cr_evac_choose(const struct cr_evac_cluster *c, size_t node, int64_t now,
		    const struct cr_evac_reason *reason, size_t *job, size_t *target,
		    char why[CR_EVAC_WHY])
{
	const struct cr_evac_node *n = &c->nodes[node];
	struct option best = { .target = c->n_nodes };
	size_t i;

	snprintf(why, CR_EVAC_WHY, "%s", reason->text);
	for (i = 0; i < c->n_jobs; i++) {
		const struct cr_evac_job *j = &c->jobs[i];
		struct option o = { .job = i, .helps = true };

		if (j->node != node || j->busy || j->moved_s < c->policy->cooldown_s)
			continue;
		if (about_memory(reason))
			o.helps = !(j->memory_bytes < HELPS * n->memory_bytes);
		find_target(c, node, now, &o);
		if (o.target < c->n_nodes && (best.target == c->n_nodes || easier(c, &o, &best)))
			best = o;
	}
	if (best.target == c->n_nodes) {
		tell_stay(c, node, now, why);
		return false;
	}
	*job = best.job;
	*target = best.target;
	tell_move(c, &best, why);
	return true;
}
