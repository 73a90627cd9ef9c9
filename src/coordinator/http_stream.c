// SPDX-License-Identifier: Apache-2.0
//
// Events as they happen: Server-Sent Events. A stream is a place in the list of events, which the
// database has; what its client has not read costs nothing, however slow he is. One who does not
// read at all is let go, and goes on where he was by Last-Event-ID.
#include "coordinator/http_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/defs.h"
#include "common/rows_json.h"
#include "common/xalloc.h"
#include "coordinator/coordinator.h"
#include "coordinator/database.h"
#include "coordinator/door.h"
#include "coordinator/events.h"
#include "coordinator/http_call.h"

#define STREAMS_MAX 32
#define PART_EVENTS 100

struct stream {
	TAILQ_ENTRY(stream) next;
	struct co_streams *of;
	struct co *c;
	struct co_visitor *visitor;
	uint64_t at; /* the newest that has been told */
	struct evbuffer *to; /* while a part is made */
};

struct co_streams {
	TAILQ_HEAD(, stream) all;
	unsigned int n;
	struct event *wake;
};

static bool stream_on_event(const cairn_EventRow *row, void *arg)
{
	struct co_text out = { .json = { .tight = true } };
	struct stream *s = arg;

	s->at = row->id;
	if (!co_text_begin(&out))
		return false;
	evbuffer_add_printf(s->to, "id: %llu\nevent: event\ndata: ", (unsigned long long)row->id);
	cr_json_message(&out.json, NULL, &cr_json_event, row, &cr_json_http);
	co_text_end(&out, s->to);
	evbuffer_add(s->to, "\n", 1);
	return true;
}

static enum co_part stream_more(void *arg, struct evbuffer *to)
{
	struct stream *s = arg;
	uint64_t was = s->at;

	s->to = to;
	/* What is told must be so whatever becomes of us. */
	co_db_commit(s->c->db);
	if (s->at < s->c->next_event)
		co_events_each(s->c, s->at, PART_EVENTS, stream_on_event, s);
	/* Nothing for a while: whether he is there still shows by this. */
	if (s->at == was)
		evbuffer_add(to, ":\n\n", 3);
	return s->at < s->c->next_event && s->at != was ? CO_PART_MORE : CO_PART_LATER;
}

static void stream_gone(void *arg)
{
	struct stream *s = arg;

	TAILQ_REMOVE(&s->of->all, s, next);
	s->of->n--;
	free(s);
}

void co_http_stream(struct co_call *k)
{
	struct co_streams *all = k->h->streams;
	const char *last = k->q->last_event;
	struct stream *s;
	uint64_t since;

	if (!co_call_number(k, "since", 0, INT64_MAX, 0, &since))
		return;
	if (last && *last && strlen(last) < 19 && strspn(last, "0123456789") == strlen(last))
		since = strtoull(last, NULL, 10);
	/* Of a life before whose events are lost: those that come count. */
	if (since > k->h->c->next_event)
		since = k->h->c->next_event;
	if (all->n >= STREAMS_MAX) {
		co_answer_error(k->a, 503, CR_EXIT_CLUSTER,
				"%u follow the events already (try again later)", all->n);
		return;
	}
	s = cr_xmalloc(sizeof(*s));
	*s = (struct stream){ .of = all, .c = k->h->c, .visitor = k->q->visitor, .at = since };
	TAILQ_INSERT_TAIL(&all->all, s, next);
	all->n++;
	k->a->type = "text/event-stream";
	evbuffer_add_printf(k->a->body, "retry: 1000\n\n");
	k->a->more = stream_more;
	k->a->gone = stream_gone;
	k->a->arg = s;
}

/* ---- all of them ---- */

static void stream_on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct co_streams *all = arg;
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&all->all); s; s = next) {
		next = TAILQ_NEXT(s, next);
		co_door_wake(s->visitor);
	}
}

void co_streams_wake(struct co_streams *s)
{
	if (s->n)
		event_active(s->wake, EV_TIMEOUT, 0);
}

unsigned int co_streams_count(const struct co_streams *s)
{
	return s->n;
}

struct co_streams *co_streams_new(struct event_base *base)
{
	struct co_streams *s = cr_xcalloc(1, sizeof(*s));

	TAILQ_INIT(&s->all);
	s->wake = event_new(base, -1, 0, stream_on_wake, s);
	return s;
}

void co_streams_free(struct co_streams *s)
{
	if (!s)
		return;
	event_free(s->wake);
	free(s);
}
