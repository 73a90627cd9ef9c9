// SPDX-License-Identifier: Apache-2.0
//
// What one user may have the cluster do: members of jobs that are not over, bytes of commands in
// the database, and so many starts per second. In the coordinator's loop, before anything is
// written; who is over a limit is told which, and what helps. A limit of 0 is none.
#include "common/xalloc.h"
#include "coordinator/jobs.h"
#include "coordinator/quota.h"

/* Starts that a user who has asked for none lately may ask for at once, as seconds of the rate. */
#define BURST_SECONDS 10

static struct co_starter *starter(struct co *c, uid_t uid)
{
	struct co_starter *s;
	size_t i;

	for (i = 0; i < c->starters.n; i++)
		if (c->starters.v[i].uid == uid)
			return &c->starters.v[i];
	s = cr_xlist_add(&c->starters);
	*s = (struct co_starter){ uid, c->options.user_starts * BURST_SECONDS, co_now() };
	return s;
}

static bool may_start(struct co *c, uid_t uid)
{
	double most = c->options.user_starts * BURST_SECONDS;
	struct co_starter *s = starter(c, uid);
	int64_t now = co_now();

	s->tokens += (now - s->since_ms) * c->options.user_starts / 1000;
	if (s->tokens > most)
		s->tokens = most;
	s->since_ms = now;
	if (s->tokens < 1 && most >= 1)
		return false;
	s->tokens--;
	return true;
}

/* Whom it has and who waits to come in addition. */
static size_t members(const struct co_job *j)
{
	const struct co_ask *a;
	size_t i, n = 0;

	for (i = 0; i < j->n; i++)
		n += j->v[i].life != CO_NONE;
	for (a = j->asks; a; a = a->next)
		n += a->q.ask == cairn_Ask_ASK_RUN || a->q.ask == cairn_Ask_ASK_JOIN;
	return n;
}

int co_quota(struct co *c, uid_t uid, size_t more_members, size_t more_bytes, struct cr_err *err)
{
	size_t i, n = more_members, bytes = more_bytes;

	for (i = 0; i < c->jobs.n; i++) {
		const struct co_job *j = c->jobs.v[i];

		if (j->uid != uid)
			continue;
		bytes += j->command_bytes;
		if (!co_job_over(j))
			n += members(j);
	}
	if (c->options.user_members > 0 && n > c->options.user_members)
		return cr_fail(err, CR_EXIT_CLUSTER, 0,
			       "user %u would have %zu members in this cluster, and %lu is the "
			       "most: wait for jobs to end, or crctl kill some (or give "
			       "crcoordinator more: --user-members)",
			       uid, n, c->options.user_members);
	if (c->options.user_bytes > 0 && bytes > c->options.user_bytes)
		return cr_fail(err, CR_EXIT_CLUSTER, 0,
			       "commands and environments of user %u would take %zu bytes in this "
			       "cluster, and %lu is the most: crctl forget jobs that are over (or "
			       "give crcoordinator more: --user-bytes)",
			       uid, bytes, c->options.user_bytes);
	if (c->options.user_starts > 0 && !may_start(c, uid))
		return cr_fail(err, CR_EXIT_CLUSTER, 0,
			       "user %u has asked for more than %g starts per second: try again in "
			       "a moment (or give crcoordinator more: --user-starts)",
			       uid, c->options.user_starts);
	return 0;
}
