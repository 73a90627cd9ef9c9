// SPDX-License-Identifier: Apache-2.0
//
// Answers to what users have asked: at once, or when what they wait for has come about. Whoever has
// gone is not answered.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/replies.h"
#include "coordinator/session.h"

cairn_Reply *co_reply_begin(struct co *c)
{
	return &co_message(c, cairn_ClusterMsg_reply_tag)->body.reply;
}

void co_reply(struct co *c, const struct co_asker *a, cairn_Reply *r)
{
	struct co_session *s = a->session ? co_session_by_id(c, a->session) : NULL;

	r->id = a->id;
	if (s)
		co_send(s, &c->out, NULL, 0);
}

void co_reply_error(struct co *c, const struct co_asker *a, int status, const char *format, ...)
{
	cairn_Reply *r = co_reply_begin(c);
	va_list ap;

	r->last = true;
	r->status = status;
	va_start(ap, format);
	vsnprintf(r->error, sizeof(r->error), format, ap);
	va_end(ap);
	co_reply(c, a, r);
}

void co_reply_job(struct co *c, const struct co_asker *a, const struct co_job *j)
{
	cairn_Reply *r = co_reply_begin(c);

	r->last = true;
	r->which_row = cairn_Reply_job_tag;
	co_job_row(j, &r->row.job);
	co_reply(c, a, r);
}

void co_reply_end(struct co *c, const struct co_asker *a)
{
	cairn_Reply *r = co_reply_begin(c);

	r->last = true;
	co_reply(c, a, r);
}

void co_wait_for(struct co_job *j, const struct co_asker *a, cairn_Ask ask)
{
	*cr_xlist_add(&j->waiters) = (struct co_waiter){ *a, ask, false };
}

void co_wait_for_end(struct co_job *j, const struct co_asker *a)
{
	if (a->session)
		co_wait_for(j, a, cairn_Ask_ASK_CHECKPOINT);
}

void co_wait_for_start(struct co_job *j, const struct co_asker *a)
{
	*cr_xlist_add(&j->waiters) = (struct co_waiter){ *a, cairn_Ask_ASK_RUN, true };
}

/* What they wait for has come about, or never will. */
void co_waiters_look(struct co_job *j)
{
	struct co_ask *q;
	size_t i, n = 0;

	for (i = 0; i < j->waiters.n; i++) {
		struct co_waiter w = j->waiters.v[i];
		bool done = co_job_over(j);

		if (w.ask == cairn_Ask_ASK_RESTART && j->state == CO_JOB_RUNNING) {
			co_reply_job(j->c, &w.asker, j);
		} else if (w.ask == cairn_Ask_ASK_RESTART &&
			   (done || (j->state == CO_JOB_WAITING && *j->why))) {
			co_reply_error(j->c, &w.asker, done ? CR_EXIT_CLUSTER : CR_EXIT_NO_NODE,
				       "job %s %s: %s", j->name,
				       done ? "was not restarted" : "waits", j->why);
		} else if (done || (w.start && (j->state == CO_JOB_RUNNING ||
						(j->state == CO_JOB_WAITING && *j->why)))) {
			co_reply_job(j->c, &w.asker, j);
		} else {
			j->waiters.v[n++] = w;
		}
	}
	j->waiters.n = n;
	while (co_job_over(j) && (q = j->asks)) {
		j->asks = q->next;
		co_reply_error(j->c, &q->asker, CR_EXIT_NOT_FOUND, "job %s is over: %s%s%s",
			       j->name, co_job_state(j), *j->why ? ", " : "", j->why);
		free(q->payload);
		free(q);
	}
}

void co_drain_stuck(struct co_job *j, const char *why)
{
	size_t i;

	for (i = 0; i < j->n; i++) {
		struct co_node *n = co_lives(&j->v[i]) ? j->v[i].node : NULL;

		if (!n || !n->draining || !n->asker.session)
			continue;
		co_reply_error(j->c, &n->asker, CR_EXIT_NO_NODE,
			       "%s takes no members any more, but job %s cannot leave it: %s (it "
			       "goes when it can; crctl undrain %s takes this back)",
			       n->hello.name, j->name, why, n->hello.name);
		n->asker.session = 0;
	}
}

void co_asker_gone(struct co *c, uint64_t session, const uint64_t *id)
{
	size_t i, k, n = 0;

	for (i = 0; i < c->followers.n; i++)
		if (c->followers.v[i].session != session || (id && c->followers.v[i].id != *id))
			c->followers.v[n++] = c->followers.v[i];
	c->followers.n = n;
	for (i = 0; i < c->nodes.n; i++)
		if (c->nodes.v[i]->driller.session == session &&
		    (!id || c->nodes.v[i]->driller.id == *id))
			c->nodes.v[i]->driller.session = 0;
	for (i = 0; i < c->jobs.n; i++) {
		struct co_job *j = c->jobs.v[i];
		struct co_ask **p = &j->asks, *q;

		for (k = n = 0; k < j->waiters.n; k++)
			if (j->waiters.v[k].asker.session != session ||
			    (id && j->waiters.v[k].asker.id != *id))
				j->waiters.v[n++] = j->waiters.v[k];
		j->waiters.n = n;
		while ((q = *p)) {
			if (q->asker.session != session || (id && q->asker.id != *id)) {
				p = &q->next;
				continue;
			}
			*p = q->next;
			free(q->payload);
			free(q);
		}
	}
}
