// SPDX-License-Identifier: Apache-2.0
//
// Which jobs are unprotected, and why: what would be lost if they failed now is more than was meant
// by those who launched them. Here and nowhere else it is decided; rows, metrics and the page have
// what stands in the job. That it begins or ends to be so is an event.
#include "coordinator/protection.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/events.h"
#include "coordinator/images.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"

#define FAILURES 3 /* in a row */
#define INTERVALS 3 /* without a checkpoint */
#define GRACE_MS 5000 /* besides */
#define TICKS (1000 / CO_TICK_MS)

#define WHY sizeof(((struct co_job *)0)->unprotected)

static bool checkpoints_fail(const struct co_job *j, char why[WHY])
{
	if (j->failures < FAILURES)
		return false;
	snprintf(why, WHY, "the last %u checkpoints failed: %.180s", j->failures, j->last_error);
	return true;
}

/* Its newest one is from longer ago than its interval allows. */
static bool is_late(const struct co_job *j, const struct co_checkpoint *k, char why[WHY])
{
	int64_t now = cr_now_ns(CLOCK_REALTIME) / 1000000, age = co_now() - j->running_ms;
	double most = INTERVALS * co_pace(j) * 1000 + j->wall_ns / 1e6 + GRACE_MS;

	/* While it did not run, nothing could be made. */
	if (k && now - k->at < age)
		age = now - k->at;
	if (j->state != CO_JOB_RUNNING || co_pace(j) <= 0 || age < most)
		return false;
	snprintf(why, WHY, "no checkpoint %s %lld s, and one is due every %g s",
		 k ? "for" : "at all in", (long long)age / 1000, co_pace(j));
	return true;
}

static bool lacks_copies(const struct co_job *j, const struct co_checkpoint *k, char why[WHY])
{
	size_t i;

	for (i = 0; k && i < k->n; i++) {
		unsigned int n = k->images[i].there ? co_image_copies(&k->images[i]) : 2;

		if (n > 1 || (n && !j->policy.replicas))
			continue;
		if (n)
			snprintf(why, WHY, "no replica: only one node has checkpoint %06u",
				 k->number);
		else
			snprintf(why, WHY, "no node that is there has all of checkpoint %06u",
				 k->number);
		return true;
	}
	return false;
}

/* What a member's image takes on its own node. */
static uint64_t need_of(const struct co_member *m, const struct co_checkpoint *k)
{
	const struct co_image *image = m->number < k->n ? &k->images[m->number] : NULL;
	size_t i;

	for (i = 0; image && i < image->holdings.n; i++)
		if (image->holdings.v[i].state == cairn_HoldingState_HOLDING_COMPLETE)
			return image->holdings.v[i].bytes;
	return 0;
}

static bool store_is_full(const struct co_job *j, const struct co_checkpoint *k, char why[WHY])
{
	size_t i;

	for (i = 0; k && i < j->n; i++) {
		const struct co_node *n = co_lives(&j->v[i]) ? j->v[i].node : NULL;
		uint64_t need = n ? need_of(&j->v[i], k) : 0;

		/* Without a size it has not told. */
		if (!n || !n->hello.store_bytes || n->hello.store_free >= need)
			continue;
		snprintf(why, WHY,
			 "the store of %s is full: %llu bytes are free, a checkpoint takes %llu",
			 n->hello.name, (unsigned long long)n->hello.store_free,
			 (unsigned long long)need);
		return true;
	}
	return false;
}

static void look(const struct co_job *j, char why[WHY])
{
	const struct co_checkpoint *k = j->checkpoints;

	while (k && k->state != CO_COMMITTED)
		k = k->next;
	*why = 0;
	if (!co_job_over(j) && !store_is_full(j, k, why) && !checkpoints_fail(j, why) &&
	    !is_late(j, k, why))
		lacks_copies(j, k, why);
}

void co_protection_look(struct co_job *j)
{
	bool was = *j->unprotected;

	look(j, j->unprotected);
	if (!was && *j->unprotected)
		co_event(j->c, "unprotected", j, NULL, -1, "%s", j->unprotected);
	else if (was && !*j->unprotected && !co_job_over(j))
		co_event(j->c, "protected", j, NULL, -1, "its checkpoints are in order again");
}

void co_protection_tick(struct co *c)
{
	size_t some = c->jobs.n / TICKS + 1;

	for (; some && c->jobs.n; some--) {
		if (c->protection_at >= c->jobs.n) {
			c->protection_at = 0;
			if (c->jobs.n < TICKS)
				return;
		}
		co_protection_look(c->jobs.v[c->protection_at++]);
	}
}
