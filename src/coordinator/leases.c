// SPDX-License-Identifier: Apache-2.0
//
// Leases, on all three sides. See leases.h.
#include "coordinator/leases.h"

#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/xalloc.h"

/* ---- a node that asks ---- */

void cr_quorum_set(struct cr_quorum *w, uint32_t generation, const char *const *nodes,
		   unsigned int n)
{
	memset(w, 0, sizeof(*w));
	w->generation = generation;
	for (unsigned int i = 0; i < n && i < CR_QUORUM_MAX; i++) {
		strncpy(w->v[i].node, nodes[i], sizeof(w->v[i].node) - 1);
		w->v[i].asked = INT64_MIN;
		w->n++;
	}
}

int64_t cr_quorum_vouched(struct cr_quorum *w, const char *node, int64_t sent)
{
	unsigned int quorum = cr_quorum_needed(w->n);
	int64_t best = INT64_MIN;

	for (unsigned int i = 0; i < w->n; i++)
		if (!strcmp(w->v[i].node, node) && sent > w->v[i].asked)
			w->v[i].asked = sent;
	/* At most four, so simply try each one's. */
	for (unsigned int i = 0; i < w->n; i++) {
		unsigned int as_new = 0;

		for (unsigned int k = 0; k < w->n; k++)
			as_new += w->v[k].asked >= w->v[i].asked;
		if (as_new >= quorum && w->v[i].asked > best)
			best = w->v[i].asked;
	}
	return best;
}

/* ---- a node as quorum peer ---- */

void cr_voucher_init(struct cr_voucher *v, int64_t now)
{
	memset(v, 0, sizeof(*v));
	v->born = now;
}

void cr_voucher_free(struct cr_voucher *v)
{
	free(v->given);
	free(v->barred);
	memset(v, 0, sizeof(*v));
}

static bool is_barred(const struct cr_voucher *v, const char *node)
{
	for (const char *p = v->barred, *end = p + v->barred_len; p < end; p += strlen(p) + 1)
		if (!strcmp(p, node))
			return true;
	return false;
}

/* Its note on that node; else an old one that tells nothing any more, or a new one. */
static struct cr_voucher_given *note_on(struct cr_voucher *v, const char *node, int64_t now)
{
	struct cr_voucher_given *old = NULL;

	for (size_t i = 0; i < v->n; i++) {
		if (!strcmp(v->given[i].node, node))
			return &v->given[i];
		if (v->given[i].until <= now)
			old = &v->given[i];
	}
	if (!old)
		old = cr_xcheck(cr_grow(&v->given, &v->n, &v->room, sizeof(*old)), sizeof(*old));
	memset(old, 0, sizeof(*old));
	strncpy(old->node, node, sizeof(old->node) - 1);
	return old;
}

bool cr_voucher_ask(struct cr_voucher *v, const char *node, int64_t length, int64_t now)
{
	struct cr_voucher_given *g;

	if (!v->told || !*node || strlen(node) >= CR_QUORUM_NAME || length <= 0 ||
	    is_barred(v, node))
		return false;
	g = note_on(v, node, now);
	if (now + CR_LEASE_MARGIN(length) > g->until)
		g->until = now + CR_LEASE_MARGIN(length);
	return true;
}

int64_t cr_voucher_bar(struct cr_voucher *v, const char *names, size_t len, int64_t lease,
		       int64_t now)
{
	int64_t until = v->born + CR_LEASE_MARGIN(lease);
	char *copy;

	if (len && names[len - 1])
		return -1;
	copy = cr_xmemdup(names, len);
	free(v->barred);
	v->barred = copy;
	v->barred_len = len;
	v->told = true;
	for (size_t i = 0; i < v->n; i++)
		if (v->given[i].until > until && is_barred(v, v->given[i].node))
			until = v->given[i].until;
	return until > now ? until - now : 0;
}

/* ---- the coordinator ---- */

void cr_fence_init(struct cr_fence *f, int64_t lease, int64_t now)
{
	memset(f, 0, sizeof(*f));
	f->lease = lease;
	f->start = now;
}

void cr_fence_free(struct cr_fence *f)
{
	free(f->nodes);
	memset(f, 0, sizeof(*f));
}

static void hold(struct cr_fence *f, unsigned int node, int64_t until)
{
	if (until > f->nodes[node].until)
		f->nodes[node].until = until;
}

void cr_fence_add(struct cr_fence *f, unsigned int node)
{
	while (f->n <= node) {
		struct cr_fence_node *n = cr_grow(&f->nodes, &f->n, &f->room, sizeof(*n));

		cr_xcheck(n, sizeof(*n));
		/* Of an earlier life of the coordinator, for all we know. */
		n->until = f->start + CR_LEASE_MARGIN(f->lease);
	}
}

void cr_fence_extend(struct cr_fence *f, unsigned int node, int64_t length, int64_t now)
{
	hold(f, node, now + CR_LEASE_MARGIN(length));
}

/* Forgets generations that nobody can go by any more; the present one stays. */
static void retire(struct cr_fence *f)
{
	uint32_t oldest = UINT32_MAX;
	unsigned int kept = 0;

	for (size_t i = 0; i < f->n; i++)
		if (!f->nodes[i].taken && f->nodes[i].generation < oldest)
			oldest = f->nodes[i].generation;
	for (unsigned int i = 0; i < f->n_generations; i++)
		if (f->generations[i].number >= oldest || i + 1 == f->n_generations)
			f->generations[kept++] = f->generations[i];
	f->n_generations = kept;
}

bool cr_fence_welcome(struct cr_fence *f, unsigned int node, int64_t now)
{
	struct cr_fence_node *n = &f->nodes[node];

	/* It was over, so it forgets the quorum peers that it knew (cr_quorum_set()). */
	if (n->taken && f->n_generations)
		n->generation = cr_fence_present(f)->number;
	n->taken = false;
	n->dead = false;
	hold(f, node, now + CR_LEASE_MARGIN(f->lease));
	return cr_fence_unbar(f, node);
}

bool cr_fence_ack(struct cr_fence *f, unsigned int node, int64_t length, int64_t now)
{
	if (f->nodes[node].taken)
		return false;
	hold(f, node, now + CR_LEASE_MARGIN(length));
	return true;
}

bool cr_fence_bar(struct cr_fence *f, unsigned int node)
{
	if (f->nodes[node].barred)
		return false;
	f->nodes[node].barred = ++f->round;
	return true;
}

bool cr_fence_unbar(struct cr_fence *f, unsigned int node)
{
	if (!f->nodes[node].barred)
		return false;
	f->nodes[node].barred = 0;
	f->round++;
	return true;
}

void cr_fence_promised(struct cr_fence *f, unsigned int peer, uint32_t round, int64_t length,
		       int64_t now)
{
	struct cr_fence_node *w = &f->nodes[peer];

	if (round > f->round)
		return;
	/* What was vouched counts for those that it was barred for by this promise. */
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].barred > w->promised && f->nodes[i].barred <= round)
			hold(f, i, now + length);
	if (round > w->promised)
		w->promised = round;
}

bool cr_fence_agreed(const struct cr_fence *f, unsigned int node)
{
	const struct cr_fence_node *n = &f->nodes[node];

	for (unsigned int i = 0; i < f->n_generations; i++) {
		const struct cr_fence_generation *g = &f->generations[i];
		unsigned int may = 0;

		if (g->number < n->generation)
			continue;
		for (unsigned int k = 0; k < g->n; k++)
			may += !f->nodes[g->nodes[k]].dead &&
			       (!n->barred || f->nodes[g->nodes[k]].promised < n->barred);
		if (may >= cr_quorum_needed(g->n))
			return false;
	}
	return true;
}

bool cr_fence_take(struct cr_fence *f, unsigned int node, int64_t now)
{
	struct cr_fence_node *n = &f->nodes[node];

	if (!n->taken && (now < n->until || !cr_fence_agreed(f, node)))
		return false;
	n->taken = true;
	retire(f);
	return true;
}

void cr_fence_dead(struct cr_fence *f, unsigned int node, int64_t now)
{
	/* For whom it may have vouched a moment ago is not known. */
	for (size_t i = 0; i < f->n; i++)
		hold(f, i, now + CR_LEASE_MARGIN(f->lease));
	f->nodes[node].taken = true;
	f->nodes[node].dead = true;
	f->nodes[node].until = INT64_MIN;
	retire(f);
}

bool cr_fence_remember(struct cr_fence *f, uint32_t number, const unsigned int *nodes,
		       unsigned int n)
{
	struct cr_fence_generation *g;

	if (f->n_generations == CR_GENERATIONS_MAX || n > CR_QUORUM_MAX)
		return false;
	for (unsigned int i = 0; i < n; i++)
		cr_fence_add(f, nodes[i]);
	g = &f->generations[f->n_generations++];
	memset(g, 0, sizeof(*g));
	g->number = number;
	g->n = n;
	memcpy(g->nodes, nodes, n * sizeof(*nodes));
	return true;
}

bool cr_fence_generation(struct cr_fence *f, const unsigned int *nodes, unsigned int n)
{
	retire(f);
	return cr_fence_remember(f, f->n_generations ? cr_fence_present(f)->number + 1 : 1, nodes,
				 n);
}

void cr_fence_knows(struct cr_fence *f, unsigned int node, uint32_t generation, int64_t now)
{
	struct cr_fence_node *n = &f->nodes[node];

	if (n->taken || generation <= n->generation || !f->n_generations ||
	    generation > cr_fence_present(f)->number)
		return;
	/* What older quorum peers had renewed lives no longer than this. */
	hold(f, node, now + CR_LEASE_MARGIN(f->lease));
	n->generation = generation;
}
