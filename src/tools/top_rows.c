// SPDX-License-Identifier: Apache-2.0
//
// What crctl top shows: of a cluster by its coordinator, of this host by the jobs' shepherds.
#include "tools/top_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/io.h"
#include "net/client.h"
#include "tools/crctl.h"
#include "tools/local_list.h"
#include "tools/local_verbs.h"

static struct cr_top_job *top_add(struct cr_top *t)
{
	struct cr_top_job *j = cr_grow(&t->jobs, &t->n_jobs, &t->room_jobs, sizeof(*j));

	if (j)
		*j = (struct cr_top_job){ .age_s = -1 };
	return j;
}

/* ---- of this host ---- */

static void on_local(const struct call *one, bool asked, void *arg)
{
	const cairn_ControlReply *r = &one->reply;
	struct cr_top_job *j = top_add(arg);
	struct stat st;

	if (!j)
		return;
	snprintf(j->name, sizeof(j->name), "%.127s", r->job);
	snprintf(j->state, sizeof(j->state), "%s", r->state);
	snprintf(j->note, sizeof(j->note), "%s", *r->last_error ? r->last_error : r->failure);
	j->count = one->nprocesses + one->orphans;
	j->stall_ns = r->stall_ns;
	for (size_t i = 0; i < one->nprocesses; i++)
		j->rss_bytes += one->processes[i].rss_bytes;
	if (*r->checkpoint && !stat(r->checkpoint, &st))
		j->age_s = (cr_now_ns(CLOCK_REALTIME) / 1000000000) - st.st_mtim.tv_sec;
	if (*r->checkpoint && j->age_s < 0)
		j->age_s = 0;
}

/* ---- of a cluster ---- */

static void take_job(struct cr_top *t, const cairn_JobRow *r)
{
	struct cr_top_job *j = strcmp(r->state, "ended") ? top_add(t) : NULL;

	if (!j)
		return;
	snprintf(j->name, sizeof(j->name), "%.127s", r->name);
	snprintf(j->state, sizeof(j->state), "%s", r->state);
	snprintf(j->note, sizeof(j->note), "%s",
		 *r->why	? r->why :
		 r->unprotected ? r->unprotected_why :
				  "");
	j->id = r->id;
	j->count = r->members;
	j->stall_ns = r->stall_ns;
	j->unprotected = r->unprotected;
	if (r->number && r->committed_at)
		j->age_s = (cr_now_ns(CLOCK_REALTIME) / 1000000 - r->committed_at) / 1e3;
	if (r->number && j->age_s < 0)
		j->age_s = 0;
}

static bool on_cluster(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	struct cr_top *t = arg;
	cairn_NodeRow *n;

	if (r->which_row == cairn_Reply_job_tag)
		take_job(t, &r->row.job);
	if (r->which_row != cairn_Reply_node_tag)
		return true;
	n = cr_grow(&t->nodes, &t->n_nodes, &t->room_nodes, sizeof(*n));
	if (n)
		*n = r->row.node;
	return true;
}

struct placing {
	struct cr_top_job *job;
	size_t at;
};

static bool on_place(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	const cairn_MemberRow *m = &r->row.member;
	struct placing *p = arg;
	char *to = p->job->where;

	if (r->which_row != cairn_Reply_member_tag)
		return true;
	p->job->rss_bytes += m->rss_bytes;
	if (*m->node && !strstr(to, m->node) && p->at < sizeof(p->job->where))
		p->at += snprintf(to + p->at, sizeof(p->job->where) - p->at, "%s%s",
				  p->at ? "," : "", m->node);
	return true;
}

void cr_top_place(struct cr_top *t, struct cr_top_job *j)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_STATUS };
	struct placing p = { j, 0 };
	struct cr_err none = { 0 };

	if (!t->cluster || *j->where || t->fd < 0)
		return;
	snprintf(q.job, sizeof(q.job), "%.127s", j->name);
	j->rss_bytes = 0;
	cr_client_ask(t->fd, &q, NULL, 0, on_place, &p, &none);
}

static int gather_cluster(struct cr_top *t, struct cr_ctl *c)
{
	cairn_Request nodes = { .ask = cairn_Ask_ASK_NODES }, jobs = { .ask = cairn_Ask_ASK_LIST };
	int ret;

	/* One that was lost is not that of the next time. */
	if (t->fd >= 0)
		close(t->fd);
	t->fd = cr_client_connect(c->coordinator, &c->err);
	if (t->fd < 0)
		return t->fd;
	ret = cr_client_ask(t->fd, &nodes, NULL, 0, on_cluster, t, &c->err);
	return ret ? ret : cr_client_ask(t->fd, &jobs, NULL, 0, on_cluster, t, &c->err);
}

int cr_top_gather(struct cr_top *t, struct cr_ctl *c)
{
	struct call call = { .err = &c->err };

	cr_err_clear(&c->err);
	t->n_nodes = t->n_jobs = 0;
	t->cluster = c->coordinator;
	return t->cluster ? gather_cluster(t, c) : cr_call_each(&call, on_local, t);
}

/* ---- order ---- */

static unsigned int top_order;

static int top_rows_compare(const void *x, const void *y)
{
	const struct cr_top_job *a = x, *b = y;
	double by = top_order == 2 ? (double)b->rss_bytes - (double)a->rss_bytes :
		    top_order == 3 ? b->age_s - a->age_s :
		    top_order == 4 ? (double)b->stall_ns - (double)a->stall_ns :
				     0;
	int text = top_order == 1 ? strcmp(a->state, b->state) : 0;

	if (by)
		return by < 0 ? -1 : 1;
	return text ? text : strcmp(a->name, b->name);
}

static int top_rows_compare_nodes(const void *x, const void *y)
{
	const cairn_NodeRow *a = x, *b = y;

	return strcmp(a->name, b->name);
}

void cr_top_sort(struct cr_top *t, unsigned int order)
{
	top_order = order;
	if (t->n_jobs)
		qsort(t->jobs, t->n_jobs, sizeof(*t->jobs), top_rows_compare);
	if (t->n_nodes)
		qsort(t->nodes, t->n_nodes, sizeof(*t->nodes), top_rows_compare_nodes);
}

void cr_top_free(struct cr_top *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->nodes);
	free(t->jobs);
}
