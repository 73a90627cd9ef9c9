// SPDX-License-Identifier: Apache-2.0
//
// Who makes whom. A process has the session of whoever made it, until it begins one, and the parent
// that made it, until that is gone. So its maker is not always its saved parent: this finds for
// each one who can make it, when, and by which way it comes to its parent.
//
// A session is begun once, by its leader, and all that are in it descend from there. Where its
// parent is or was in the session, that makes the process. Else the leader does (or, if that is
// gone, a stand-in), for a parent above it that adopts orphans: the shepherd, or a child subreaper
// of the job, which is one only for its turn. A process that was in another session before it began
// its own is born there if a child of it needs that.
// Runs in: the shepherd, before any process of the job is made. On failure nothing has been.
#include <errno.h>
#include <stdlib.h>

#include "common/err.h"
#include "common/image.h"
#include "restart/births.h"

#define ANY (-1) /* session at birth: nobody minds */
#define OWN 0 /* the shepherd's session */

struct node {
	int parent, depth, order;
	pid_t pid, session, born;
	bool made; /* its birth is settled */
};

struct family {
	struct cr_births *b;
	struct node *v; /* with the shepherd as the last */
	int n;
};

static bool leads(const struct node *p)
{
	return p->session == p->pid;
}

static bool below(const struct family *f, int who, int above)
{
	while (who != f->n && who != above)
		who = f->v[who].parent;
	return who == above;
}

/* The leader of a session; -1 if it is gone. */
static int leader_of(const struct family *f, pid_t session)
{
	int i;

	if (session == OWN)
		return f->n;
	for (i = 0; i < f->n; i++)
		if (f->v[i].pid == session && leads(&f->v[i]))
			return i;
	return -1;
}

static struct cr_founder *founder_of(struct cr_births *b, pid_t session)
{
	size_t i;
	struct cr_founder *to;

	for (i = 0; i < b->founders.n; i++)
		if (b->founders.v[i].session == session)
			return &b->founders.v[i];
	to = cr_list_add(&b->founders);
	if (to)
		*to = (struct cr_founder){ .session = session, .place = CR_BY_SHEPHERD };
	return to;
}

static int births_settle(struct family *f, int i, int maker, enum cr_birth_way way)
{
	f->b->v[i].maker = maker;
	f->b->v[i].way = way;
	f->v[i].made = true;
	return 0;
}

/* How much it matters that a leader is born in its child's session: nobody else may have a way. */
static int urgency(const struct family *f, int q, pid_t session)
{
	int leader = leader_of(f, session), i;

	if (leader >= 0)
		return below(f, leader, q) ? 0 : 2;
	for (i = 0; i < f->n; i++)
		if (f->v[i].session == session && !below(f, i, q))
			return 1;
	return 0;
}

static void choose_birth(struct family *f, int q)
{
	int best = 0, i, u;

	f->v[q].born = leads(&f->v[q]) ? ANY : f->v[q].session;
	for (i = 0; i < f->n && leads(&f->v[q]); i++) {
		if (f->v[i].parent != q || f->v[i].born == ANY || f->v[i].born == f->v[q].session)
			continue;
		u = urgency(f, q, f->v[i].born);
		if (u <= best)
			continue;
		best = u;
		f->v[q].born = f->v[i].born;
	}
}

/* Born where its parent is or has been. */
static bool by_parent(struct family *f, int i)
{
	const struct node *c = &f->v[i], *q = &f->v[c->parent];

	if (c->born != ANY && c->born != q->session && c->born != q->born)
		return false;
	f->b->v[i].early = c->born != ANY && c->born != q->session;
	births_settle(f, i, c->parent == f->n ? CR_BY_SHEPHERD : c->parent, CR_BIRTH_CHILD);
	return true;
}

/* Whoever stands in for a leader is below all who have one of its session as a child. */
static int place_founder(struct family *f, int i)
{
	struct cr_founder *to = founder_of(f->b, f->v[i].born);

	if (!to)
		return -ENOMEM;
	if (to->place == CR_BY_SHEPHERD || below(f, f->v[i].parent, to->place))
		to->place = f->v[i].parent == f->n ? CR_BY_SHEPHERD : f->v[i].parent;
	return 0;
}

static int impossible(struct family *f, int i, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d is in session %d, which cannot be made again: nobody of that "
		       "session is below its parent",
		       f->v[i].pid, f->v[i].born);
}

/* Born to somebody of its session, who loses it to its parent. */
static int by_orphaning(struct family *f, int i, struct cr_err *err)
{
	int q = f->v[i].parent, maker = leader_of(f, f->v[i].born), place = maker;
	struct cr_founder *founder;

	if (maker < 0) {
		founder = founder_of(f->b, f->v[i].born);
		if (!founder)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart");
		maker = f->n + 1 + (founder - f->b->founders.v);
		place = founder->place;
		/* It ends at once, and its children are ours then. */
		if (place == CR_BY_SHEPHERD && q == f->n)
			return births_settle(f, i, maker, CR_BIRTH_CHILD);
		place = place == CR_BY_SHEPHERD ? f->n : place;
	}
	if (!below(f, place, q))
		return impossible(f, i, err);
	return births_settle(f, i, maker, q == f->n ? CR_BIRTH_ORPHAN : CR_BIRTH_ADOPTED);
}

/* ---- turns ---- */

/* The latest adoption that a process owes its existence to: itself or a maker; -1: none. */
static int adoption_of(const struct family *f, int i)
{
	const struct cr_births *b = f->b;

	while (i >= 0 && i != f->n) {
		if (i > f->n)
			i = b->founders.v[i - f->n - 1].place;
		else if (b->v[i].way == CR_BIRTH_ADOPTED)
			return i;
		else
			i = b->v[i].maker;
	}
	return -1;
}

/* One after another, each when those exist who take part in it. */
static int order_turns(struct family *f, struct cr_err *err)
{
	struct cr_births *b = f->b;
	int left = 0, before, i, a, k;

	for (i = 0; i < f->n; i++)
		left += b->v[i].way == CR_BIRTH_ADOPTED;
	for (before = left + 1; left && left < before;) {
		before = left;
		for (i = 0; i < f->n; i++) {
			if (b->v[i].way != CR_BIRTH_ADOPTED || b->v[i].turn)
				continue;
			a = adoption_of(f, b->v[i].maker);
			k = adoption_of(f, f->v[i].parent);
			if ((a >= 0 && !b->v[a].turn) || (k >= 0 && !b->v[k].turn))
				continue;
			b->v[i].turn = ++b->turns;
			left--;
		}
	}
	if (left)
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "%d processes wait for each other", left);
	for (i = 0; i < f->n; i++) {
		a = adoption_of(f, i);
		for (k = 0; k < f->n && b->turns; k++)
			b->v[k].before += b->v[k].turn > (a < 0 ? 0 : b->v[a].turn);
	}
	return 0;
}

/* ---- all of it ---- */

static pid_t session_of(const struct cr_image *img, const cairn_Process *p)
{
	return p->sid == img->job.shepherd_sid ? OWN : p->sid;
}

static int by_pid(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int find_parents(struct family *f, const struct cr_image *img)
{
	cr_auto_free struct node *sorted = calloc(f->n + 1, sizeof(*sorted));
	int i, k;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < f->n; i++)
		sorted[i] = (struct node){ .pid = f->v[i].pid, .order = i };
	qsort(sorted, f->n, sizeof(*sorted), by_pid);
	for (i = 0; i < f->n; i++) {
		struct node key = { .pid = img->processes.v[i].process.ppid }, *up;

		up = bsearch(&key, sorted, f->n, sizeof(*sorted), by_pid);
		f->v[i].parent = up ? up->order : f->n;
	}
	for (i = 0; i < f->n; i++) {
		for (k = i; k != f->n && f->v[i].depth <= f->n; k = f->v[k].parent)
			f->v[i].depth++;
		/* Its own forebear. */
		if (f->v[i].depth > f->n)
			return -ELOOP;
	}
	return 0;
}

static int births_plan(struct family *f, struct cr_err *err)
{
	int ret = 0, depth = 0, i;

	f->v[f->n] = (struct node){ .pid = -1, .session = OWN, .born = OWN };
	for (i = 0; i < f->n; i++)
		depth = f->v[i].depth > depth ? f->v[i].depth : depth;
	for (; depth; depth--)
		for (i = 0; i < f->n; i++)
			if (f->v[i].depth == depth)
				choose_birth(f, i);
	for (i = 0; i < f->n && !ret; i++)
		if (!by_parent(f, i) && leader_of(f, f->v[i].born) < 0)
			ret = place_founder(f, i);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "preparing a restart");
	for (i = 0; i < f->n && !ret; i++)
		if (!f->v[i].made)
			ret = by_orphaning(f, i, err);
	return ret ? ret : order_turns(f, err);
}

int cr_births_plan(struct cr_births *b, const struct cr_image *img, struct cr_err *err)
{
	struct family f = { .b = b, .n = img->processes.n };
	int i, ret;

	b->v = calloc(f.n + 1, sizeof(*b->v));
	f.v = calloc(f.n + 1, sizeof(*f.v));
	for (i = 0; i < f.n && f.v; i++) {
		f.v[i].pid = img->processes.v[i].process.pid;
		f.v[i].session = session_of(img, &img->processes.v[i].process);
	}
	ret = b->v && f.v ? find_parents(&f, img) : -ENOMEM;
	ret = ret ? cr_fail(err, CR_EXIT_DAMAGED, -ret, "the tree of processes of the image") :
		    births_plan(&f, err);
	free(f.v);
	return ret;
}

void cr_births_free(struct cr_births *b)
{
	free(b->v);
	free(b->founders.v);
}
