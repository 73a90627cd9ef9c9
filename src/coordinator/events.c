// SPDX-License-Identifier: Apache-2.0
//
// What happened: a line on stderr, a row in the database (the newest ones), and those who follow.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/xalloc.h"
#include "common/defs.h"
#include "coordinator/database.h"
#include "coordinator/events.h"
#include "coordinator/replies.h"

#define KEPT 100000

static bool may_see(const struct co_asker *a, int64_t uid)
{
	return a->uid == 0 || uid < 0 || uid == (int64_t)a->uid;
}

static void events_tell(struct co *c, const struct co_asker *a, const cairn_EventRow *row)
{
	cairn_Reply *r = co_reply_begin(c);

	r->which_row = cairn_Reply_event_tag;
	r->row.event = *row;
	co_reply(c, a, r);
}

/* What somebody may have to look after. */
static bool is_bad(const char *kind)
{
	static const char *const bad[] = { "-failed", "-lost", "-silent", "unprotected" };
	size_t i, n = strlen(kind);

	for (i = 0; i < CR_ARRAY_SIZE(bad); i++)
		if (n >= strlen(bad[i]) && !strcmp(kind + n - strlen(bad[i]), bad[i]))
			return true;
	return false;
}

static void events_log(const cairn_EventRow *row, const struct co_job *j, const char *who)
{
	struct cr_log_field fields[8] = { { "event", NULL, row->id }, { "kind", row->kind, 0 } };
	char plain[sizeof(row->kind) + CO_NAME + CO_NODE + 64 + sizeof(row->text)];
	size_t n = 2;

	if (j) {
		fields[n++] = (struct cr_log_field){ "job", j->name, 0 };
		fields[n++] = (struct cr_log_field){ "id", NULL, j->id };
	}
	if (row->member >= 0)
		fields[n++] = (struct cr_log_field){ "member", NULL, row->member };
	if (*row->node)
		fields[n++] = (struct cr_log_field){ "node", row->node, 0 };
	snprintf(plain, sizeof(plain), "%s%s: %s", row->kind, who, row->text);
	cr_log_event(is_bad(row->kind) ? "warning" : "info", fields, row->text, plain);
}

void co_event(struct co *c, const char *kind, const struct co_job *j, const struct co_node *n,
	      int member, const char *format, ...)
{
	static cairn_EventRow row;
	char who[CO_NAME + CO_NODE + 64] = "";
	size_t i, at = 0;
	va_list ap;

	memset(&row, 0, sizeof(row));
	row.id = ++c->next_event;
	row.at_ms = cr_now_ns(CLOCK_REALTIME) / 1000000;
	row.member = member;
	snprintf(row.kind, sizeof(row.kind), "%s", kind);
	if (j)
		snprintf(row.job, sizeof(row.job), "%s", j->name);
	if (n)
		snprintf(row.node, sizeof(row.node), "%s", n->hello.name);
	va_start(ap, format);
	vsnprintf(row.text, sizeof(row.text), format, ap);
	va_end(ap);
	if (j)
		at += snprintf(who, sizeof(who), " job %s (%llu)", j->name,
			       (unsigned long long)j->id);
	if (member >= 0)
		at += snprintf(who + at, sizeof(who) - at, " member %d", member);
	if (n)
		snprintf(who + at, sizeof(who) - at, " node %s", n->hello.name);
	events_log(&row, j, who);
	co_db_write(c->db, CO_SQL_EVENT, "iitiittit", (int64_t)row.id, row.at_ms, row.kind,
		    j ? (int64_t)j->id : 0, j ? (int64_t)j->uid : -1, row.job, row.node,
		    (int64_t)member, row.text);
	if (row.id % 1000 == 0 && row.id > KEPT)
		co_db_write(c->db, CO_SQL_EVENTS_TRIM, "i", (int64_t)row.id - KEPT);
	if (c->happened)
		c->happened(c);
	for (i = 0; i < c->followers.n; i++)
		if (may_see(&c->followers.v[i], j ? (int64_t)j->uid : -1))
			events_tell(c, &c->followers.v[i], &row);
}

struct listing {
	struct co *c;
	const struct co_asker *a;
	const char *job;
};

static void events_text(sqlite3_stmt *s, int column, char *to, size_t len)
{
	const unsigned char *t = sqlite3_column_text(s, column);

	snprintf(to, len, "%s", t ? (const char *)t : "");
}

static void take_row(sqlite3_stmt *s, cairn_EventRow *row)
{
	row->id = sqlite3_column_int64(s, 0);
	row->at_ms = sqlite3_column_int64(s, 1);
	events_text(s, 2, row->kind, sizeof(row->kind));
	events_text(s, 5, row->job, sizeof(row->job));
	events_text(s, 6, row->node, sizeof(row->node));
	row->member = sqlite3_column_int(s, 7);
	events_text(s, 8, row->text, sizeof(row->text));
}

static void events_on_row(sqlite3_stmt *s, void *arg)
{
	static cairn_EventRow row;
	struct listing *l = arg;

	if (!may_see(l->a, sqlite3_column_int64(s, 4)))
		return;
	take_row(s, &row);
	if (!*l->job || !strcmp(l->job, row.job))
		events_tell(l->c, l->a, &row);
}

struct each {
	bool (*on)(const cairn_EventRow *row, void *arg);
	void *arg;
	bool enough;
};

static void on_each(sqlite3_stmt *s, void *arg)
{
	static cairn_EventRow row;
	struct each *e = arg;

	if (e->enough)
		return;
	take_row(s, &row);
	e->enough = !e->on(&row, e->arg);
}

void co_events_each(struct co *c, uint64_t since, uint64_t most,
		    bool (*on)(const cairn_EventRow *row, void *arg), void *arg)
{
	struct each e = { on, arg, false };

	co_db_read(c->db, CO_SQL_EVENTS, on_each, &e, "ii", (int64_t)since, (int64_t)most);
}

void co_events_tell(struct co *c, const struct co_asker *a, const cairn_Request *q)
{
	struct listing l = { c, a, q->job };
	cairn_Reply *r;

	co_db_read(c->db, CO_SQL_EVENTS, events_on_row, &l, "ii", (int64_t)q->since, (int64_t)-1);
	if (q->follow) {
		*cr_xlist_add(&c->followers) = *a;
		return;
	}
	r = co_reply_begin(c);
	r->last = true;
	co_reply(c, a, r);
}
