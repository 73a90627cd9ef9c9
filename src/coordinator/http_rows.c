// SPDX-License-Identifier: Apache-2.0
//
// Jobs, nodes, events and the cluster over HTTP, as JSON: rows are those of common/rows_json.c, as
// of crctl. Lists come in parts of some rows: between two of them the loop does what else there is,
// and what happens meanwhile shows in the rest.
#include "coordinator/http_rows.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/rows_json.h"
#include "common/xalloc.h"
#include "coordinator/coordinator.h"
#include "coordinator/database.h"
#include "coordinator/door.h"
#include "coordinator/events.h"
#include "coordinator/http_call.h"
#include "coordinator/jobs.h"
#include "coordinator/members.h"
#include "coordinator/nodes.h"
#include "coordinator/rows.h"
#include "coordinator/telemetry.h"

/* Rows of a part. */
#define PART_ROWS 64
#define PART_COUNTED 64
#define EVENTS_MAX 1000
#define ROWS_MOST 1000000

/* ---- lists ---- */

struct listing {
	struct co *c;
	struct co_text out;
	const char *name;
	bool (*row)(struct listing *l); /* the next one; false: there is none */
	bool begun, over;
	uint64_t at, left, skip, total; /* that match: all, also those not told */
	char search[128], state[16], node[128]; /* "": any */
};

/* One that is wanted: whether it is told, as of those before it. */
static bool listing_takes(struct listing *l)
{
	l->total++;
	if (l->skip) {
		l->skip--;
		return false;
	}
	if (!l->left)
		return false;
	l->left--;
	return true;
}

static bool listing_wants(const struct listing *l, const char *name, const char *state)
{
	return (!*l->search || strstr(name, l->search)) && (!*l->state || !strcmp(state, l->state));
}

static bool lives_on(const struct co_job *j, const char *node)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].node && co_lives(&j->v[i]) && !strcmp(j->v[i].node->hello.name, node))
			return true;
	return !*node;
}

/* Besides states there is one thing more that a job may be. */
static bool wants_job(const struct listing *l, const struct co_job *j)
{
	const char *state = co_job_state(j);

	if (!strcmp(l->state, "unprotected") && *j->unprotected)
		state = l->state;
	return j->state != CO_JOB_FORGOTTEN && (l->over || !co_job_over(j)) &&
	       listing_wants(l, j->name, state) && lives_on(j, l->node);
}

static bool job_row(struct listing *l)
{
	static cairn_JobRow row;
	size_t low = 0, high = l->c->jobs.n;
	struct co_job *j;

	/* The first with a higher number: those before it may have gone meanwhile. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->c->jobs.v[mid]->id <= l->at)
			low = mid + 1;
		else
			high = mid;
	}
	if (low >= l->c->jobs.n)
		return false;
	j = l->c->jobs.v[low];
	l->at = j->id;
	if (!wants_job(l, j) || !listing_takes(l))
		return true;
	memset(&row, 0, sizeof(row));
	co_job_row(j, &row);
	cr_json_message(&l->out.json, NULL, &cr_json_job, &row, &cr_json_http);
	return true;
}

static bool node_row(struct listing *l)
{
	static cairn_NodeRow row;
	const struct co_node *n;

	if (l->at >= l->c->nodes.n)
		return false;
	n = l->c->nodes.v[l->at++];
	if (!listing_wants(l, n->hello.name, co_node_state(n)) || !listing_takes(l))
		return true;
	memset(&row, 0, sizeof(row));
	co_node_row(n, &row);
	cr_json_message(&l->out.json, NULL, &cr_json_node, &row, &cr_json_http);
	return true;
}

static enum co_part list_more(void *arg, struct evbuffer *to)
{
	struct listing *l = arg;
	bool more = true;
	uint64_t left;
	size_t i;

	if (!co_text_begin(&l->out))
		return CO_PART_LAST;
	if (!l->begun) {
		cr_json_object(&l->out.json, NULL);
		cr_json_array(&l->out.json, l->name);
		l->begun = true;
	}
	/* Those that are only counted cost little. */
	for (i = 0; i < PART_ROWS * PART_COUNTED && more; i += l->left < left ? PART_COUNTED : 1) {
		left = l->left;
		more = l->row(l);
	}
	if (!more) {
		cr_json_end(&l->out.json);
		cr_json_size(&l->out.json, "total", l->total);
		cr_json_end(&l->out.json);
	}
	co_text_end(&l->out, to);
	/* A part of nothing would be the last one. */
	if (more && !evbuffer_get_length(to))
		evbuffer_add(to, "\n", 1);
	return more ? CO_PART_MORE : CO_PART_LAST;
}

static void begin_list(struct co_call *k, struct listing what)
{
	struct listing *l = cr_xmalloc(sizeof(*l));

	*l = what;
	l->c = k->h->c;
	l->out.json = (struct cr_json){ .tight = true, .lines = true };
	k->a->more = list_more;
	k->a->gone = free;
	k->a->arg = l;
}

/* What lists have in common of the query. False: something is wrong, and that is told. */
static bool listing_asked(struct co_call *k, struct listing *l)
{
	const struct {
		const char *name;
		char *to;
		size_t room;
	} texts[] = {
		{ "search", l->search, sizeof(l->search) },
		{ "state", l->state, sizeof(l->state) },
		{ "node", l->node, sizeof(l->node) },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(texts); i++) {
		const char *value = evhttp_find_header(k->query, texts[i].name);

		if (value && strlen(value) >= texts[i].room) {
			co_answer_error(k->a, 400, CR_EXIT_USAGE, "%s: at most %zu bytes",
					texts[i].name, texts[i].room - 1);
			return false;
		}
		strcpy(texts[i].to, value ? value : "");
	}
	return co_call_number(k, "offset", 0, ROWS_MOST, 0, &l->skip) &&
	       co_call_number(k, "limit", 1, ROWS_MOST, ROWS_MOST, &l->left);
}

void co_http_jobs(struct co_call *k)
{
	const char *over = evhttp_find_header(k->query, "over");
	struct listing l = { .name = "jobs", .row = job_row };

	if (!listing_asked(k, &l) || !co_call_number(k, "after", 0, INT64_MAX, 0, &l.at))
		return;
	if (over && strcmp(over, "true") && strcmp(over, "false")) {
		co_answer_error(k->a, 400, CR_EXIT_USAGE, "over: true or false");
		return;
	}
	l.over = !over || !strcmp(over, "true");
	begin_list(k, l);
}

void co_http_nodes(struct co_call *k)
{
	struct listing l = { .name = "nodes", .row = node_row };

	if (listing_asked(k, &l))
		begin_list(k, l);
}

/* ---- one node ---- */

static struct co_node *node_of(struct co_call *k)
{
	struct co_node *n = co_node_find(k->h->c, k->of);

	if (!n)
		co_answer_error(k->a, 404, CR_EXIT_NOT_FOUND, "no node %s in this cluster", k->of);
	return n;
}

void co_http_node(struct co_call *k)
{
	struct co_text out = { .json = { .tight = true } };
	const struct co_node *n = node_of(k);
	static cairn_NodeRow row;

	if (!n || !co_text_begin(&out))
		return;
	memset(&row, 0, sizeof(row));
	co_node_row(n, &row);
	cr_json_message(&out.json, NULL, &cr_json_node, &row, &cr_json_http);
	co_text_end(&out, k->a->body);
}

/* ---- one job ---- */

static bool write_image(const cairn_ImageRow *row, void *arg)
{
	cr_json_message(arg, NULL, &cr_json_image, row, &cr_json_http);
	return true;
}

static void write_checkpoint(struct cr_json *json, struct co *c, const struct co_checkpoint *p)
{
	static cairn_CheckpointRow row;

	memset(&row, 0, sizeof(row));
	co_checkpoint_row(p, &row);
	cr_json_object(json, NULL);
	cr_json_fields(json, &cr_json_checkpoint, &row, &cr_json_http);
	cr_json_array(json, "images");
	co_image_rows(c, p, write_image, json);
	cr_json_end(json);
	cr_json_end(json);
}

/* The oldest first. */
static void write_checkpoints(struct cr_json *json, struct co *c, const struct co_checkpoint *p)
{
	size_t n = 0, i, k;
	const struct co_checkpoint *at;

	for (at = p; at; at = at->next)
		n++;
	for (i = n; i-- > 0;) {
		for (at = p, k = 0; k < i; k++)
			at = at->next;
		write_checkpoint(json, c, at);
	}
}

static void write_job(struct cr_json *json, const struct co_job *j)
{
	static cairn_MemberRow member;
	static cairn_JobRow row;
	size_t i;

	memset(&row, 0, sizeof(row));
	co_job_row(j, &row);
	cr_json_object(json, NULL);
	cr_json_fields(json, &cr_json_job, &row, &cr_json_http);
	cr_json_array(json, "placement");
	for (i = 0; i < j->n; i++) {
		memset(&member, 0, sizeof(member));
		co_member_row(&j->v[i], &member);
		cr_json_message(json, NULL, &cr_json_member, &member, &cr_json_http);
	}
	cr_json_end(json);
	cr_json_array(json, "checkpoints");
	write_checkpoints(json, j->c, j->checkpoints);
	cr_json_end(json);
	cr_json_end(json);
}

void co_http_job(struct co_call *k)
{
	struct co_text out = { .json = { .tight = true } };
	const struct co_asker root = { 0 };
	struct cr_err err = { 0 };
	struct co_job *j = co_job_find(k->h->c, k->of, &root, &err);

	if (!j) {
		co_answer_error(k->a, co_http_status(err.status), err.status, "%s", err.text);
	} else if (co_text_begin(&out)) {
		write_job(&out.json, j);
		co_text_end(&out, k->a->body);
	}
}

/* ---- nodes' past ---- */

static bool history_on_sample(const cairn_NodeSample *sample, void *arg)
{
	cr_json_message(arg, NULL, &cr_json_sample, sample, NULL);
	return true;
}

void co_http_history(struct co_call *k)
{
	struct co_text out = { .json = { .tight = true, .lines = true } };
	const struct co_node *n = node_of(k);
	uint64_t since;

	if (n && co_call_number(k, "since", 0, INT64_MAX - 1, 0, &since) && co_text_begin(&out)) {
		cr_json_object(&out.json, NULL);
		cr_json_text(&out.json, "name", n->hello.name);
		cr_json_array(&out.json, "samples");
		co_telemetry_each(n, since + 1, history_on_sample, &out.json);
		cr_json_end(&out.json);
		cr_json_end(&out.json);
		co_text_end(&out, k->a->body);
	}
}

/* ---- events ---- */

struct some_events {
	struct co_text out;
	uint64_t left;
};

static bool http_on_event(const cairn_EventRow *row, void *arg)
{
	struct some_events *some = arg;

	cr_json_message(&some->out.json, NULL, &cr_json_event, row, &cr_json_http);
	return --some->left;
}

void co_http_events(struct co_call *k)
{
	struct some_events some = { .out = { .json = { .tight = true, .lines = true } } };
	uint64_t since;

	if (!co_call_number(k, "since", 0, INT64_MAX, 0, &since) ||
	    !co_call_number(k, "limit", 1, EVENTS_MAX, EVENTS_MAX, &some.left) ||
	    !co_text_begin(&some.out))
		return;
	cr_json_object(&some.out.json, NULL);
	cr_json_array(&some.out.json, "events");
	co_events_each(k->h->c, since, some.left, http_on_event, &some);
	cr_json_end(&some.out.json);
	cr_json_end(&some.out.json);
	co_text_end(&some.out, k->a->body);
}

/* ---- the cluster ---- */

struct count {
	const char *state;
	int64_t n;
};

/* The states are few, and each text lives as long as the program. */
static void count_up(struct count *v, const char *state)
{
	while (v->state && strcmp(v->state, state))
		v++;
	v->state = state;
	v->n++;
}

static void write_counts(struct cr_json *json, const char *key, const struct count *v)
{
	cr_json_object(json, key);
	for (; v->state; v++)
		cr_json_int(json, v->state, v->n);
	cr_json_end(json);
}

static void write_cluster(struct cr_json *json, const struct co_http *h)
{
	int64_t now = cr_now_ns(CLOCK_REALTIME) / 1000000, unprotected = 0, live = 0;
	struct count nodes[16] = { 0 }, jobs[CO_JOB_STATES + 4] = { 0 };
	struct co *c = h->c;
	char at[32];
	size_t i;

	for (i = 0; i < c->nodes.n; i++)
		count_up(nodes, co_node_state(c->nodes.v[i]));
	for (i = 0; i < c->jobs.n; i++) {
		if (c->jobs.v[i]->state == CO_JOB_FORGOTTEN)
			continue;
		count_up(jobs, co_job_state(c->jobs.v[i]));
		unprotected += *c->jobs.v[i]->unprotected != 0;
		live += c->jobs.v[i]->live;
	}
	cr_json_object(json, NULL);
	cr_json_text(json, "name", c->options.name);
	cr_json_text(json, "version", PACKAGE_VERSION);
	cr_json_int(json, "at_ms", now);
	cr_json_text(json, "at", cr_instant_text(now, true, at));
	cr_json_int(json, "began_ms", h->began_ms);
	cr_json_int(json, "lease_ms", c->lease_ms);
	cr_json_int(json, "heartbeat_ms", c->heartbeat_ms);
	write_counts(json, "nodes", nodes);
	write_counts(json, "jobs", jobs);
	cr_json_int(json, "unprotected", unprotected);
	cr_json_int(json, "members", live);
	cr_json_size(json, "event", c->next_event);
	cr_json_text(json, "evacuation", c->options.evacuate ? c->options.evacuate : "");
	cr_json_end(json);
}

void co_http_cluster(struct co_call *k)
{
	struct co_text out = { .json = { .tight = true } };

	if (!co_text_begin(&out))
		return;
	write_cluster(&out.json, k->h);
	co_text_end(&out, k->a->body);
}
