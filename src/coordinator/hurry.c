// SPDX-License-Identifier: Apache-2.0
//
// A node is drained whose machine ends soon, at a known time: all its jobs at once would share disk
// and network, and perhaps none be saved. So they go in the order of what they need, a few at a
// time; one copy on another node is enough for their checkpoints, however many a policy asks for.
// What is not saved in time goes on from its newest checkpoint, as when any node is lost.
#include "coordinator/hurry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/deadline.h"
#include "coordinator/events.h"
#include "coordinator/members.h"

#define AT_ONCE 2
#define REFUSED_MS 5000 /* one that could not go does not keep others waiting */
#define START_S 0.3
#define GUESS_RATE 50e6 /* bytes per second, of a job that has no checkpoint yet */

static bool is_on(const struct co_job *j, const struct co_node *n)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (co_lives(&j->v[i]) && j->v[i].node == n)
			return true;
	return false;
}

/* As its last checkpoint took, but for copies that it will not make now. */
static double need_s(const struct co_job *j)
{
	unsigned int replicas = j->policy.replicas;
	uint64_t bytes = 0;
	size_t i;

	if (j->wall_ns)
		return j->wall_ns / 1e9 * (replicas > 1 ? 2.0 / (replicas + 1) : 1) + START_S;
	for (i = 0; i < j->n; i++)
		bytes += j->v[i].rss_bytes;
	return bytes / GUESS_RATE + 1;
}

static bool waits_or_moves(const struct co_job *j, int64_t now)
{
	return !j->refused_ms || now - j->refused_ms > REFUSED_MS;
}

/* Those of a node, in the order of their numbers, and what can be done for them. */
struct hurry {
	const struct co_job **jobs;
	struct cr_deadline_job *plan;
	size_t n;
};

static void hurry_plan(const struct co_node *n, struct hurry *h)
{
	int64_t now = co_now();
	const struct co *c = n->c;
	size_t i;

	h->n = 0;
	h->jobs = cr_xcalloc(c->jobs.n + 1, sizeof(*h->jobs));
	h->plan = cr_xcalloc(c->jobs.n + 1, sizeof(*h->plan));
	for (i = 0; i < c->jobs.n; i++) {
		const struct co_job *j = c->jobs.v[i];

		if (!is_on(j, n) || !waits_or_moves(j, now))
			continue;
		h->jobs[h->n] = j;
		h->plan[h->n++] = (struct cr_deadline_job){
			.need_s = need_s(j),
			.moves = j->move.stage,
		};
	}
	cr_deadline_plan(h->plan, h->n, (n->deadline_ms - now) / 1e3);
}

static void hurry_free(struct hurry *h)
{
	free(h->jobs);
	free(h->plan);
}

static void hurry_append(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void hurry_append(char *out, size_t size, const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + len, size - len, format, args);
	va_end(args);
}

static void tell_jobs(const struct hurry *h, char *out, size_t size)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		n += h->plan[i].fits;
	hurry_append(out, size, "%u of %zu jobs can leave in time", n, h->n);
	/* Those that cannot first: they are what somebody must know of. */
	for (i = 0; i < h->n; i++) {
		const struct co_checkpoint *k = h->jobs[i]->checkpoints;

		if (h->plan[i].fits)
			continue;
		while (k && k->state != CO_COMMITTED)
			k = k->next;
		hurry_append(out, size, "; %s needs %.1f s and may be too late: ", h->jobs[i]->name,
			     h->plan[i].need_s);
		if (k)
			hurry_append(out, size, "it has checkpoint %06u, %.0f s old", k->number,
				     (cr_now_ns(CLOCK_REALTIME) / 1000000 - k->at) / 1e3);
		else
			hurry_append(out, size, "it has no checkpoint");
	}
	for (i = 0; i < h->n; i++)
		if (h->plan[i].fits)
			hurry_append(out, size, "; %s needs %.1f s", h->jobs[i]->name,
				     h->plan[i].need_s);
}

void co_hurry_begin(struct co_node *n, const cairn_Leaving *l)
{
	int64_t before = n->deadline_ms;
	char text[400] = "";
	struct hurry h;

	if (!l->left_ms)
		return;
	n->deadline_ms = co_now() + l->left_ms;
	if (before)
		return;
	hurry_plan(n, &h);
	tell_jobs(&h, text, sizeof(text));
	co_event(n->c, "node-notice", NULL, n, -1, "it ends in %.1f s (%s): %s", l->left_ms / 1e3,
		 l->why, text);
	hurry_free(&h);
}

bool co_hurry_is(const struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (co_lives(&j->v[i]) && j->v[i].node->deadline_ms)
			return true;
	return false;
}

/* As far as one node goes. */
static bool turn_at(const struct co_job *j, const struct co_node *n)
{
	bool turn = true;
	struct hurry h;
	size_t i;

	hurry_plan(n, &h);
	for (i = 0; i < h.n; i++)
		if (h.jobs[i] == j)
			turn = h.plan[i].place < (h.plan[i].fits ? AT_ONCE : 1);
	hurry_free(&h);
	return turn;
}

bool co_hurry_turn(const struct co_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (co_lives(&j->v[i]) && j->v[i].node->deadline_ms && !turn_at(j, j->v[i].node))
			return false;
	return true;
}
