// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 in the coordinator's loop, with TLS or without: one request for each connection. Every
// local user can connect, and with TLS everybody, so all that he could use up is bounded: so many
// connections at once, so many bytes of a request, so long in all, however little comes at a time.
// When there is no room, the oldest of those who have not shown who they are goes, once he has had
// a moment to speak; the others wait in the kernel. So a flood takes no descriptor that a node
// needs, and keeps nobody with the token out for long. Long answers are made in parts, each when
// the one before has been sent: they take neither memory nor the loop's time from others. Whatever
// fails ends that connection only.
#include "coordinator/door.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "common/json.h"
#include "common/xalloc.h"
#include "net/address.h"
#include "net/users.h"

#define VISITORS_MAX 128
/* Who finds the kernel's queue full is put off by a second, then by two, four, …: so a long one. */
#define BACKLOG 4096
#define MOMENT_MS 100
#define ASK_MS 10000
#define WAIT_MS 60000 /* for what is done meanwhile */
#define ANSWER_MS 60000 /* to read it, or a part of one without end */
#define IDLE_MS 15000 /* of one without end: then a sign of life */
#define PART_MS 2000 /* from the answer's end to the other side's */
#define PAUSE_MS 100
#define ACCEPT_AT_ONCE 16
#define SENDING (64 << 10) /* of parts that wait to be sent */

enum phase { ASKING, WAITING, ANSWERING, PARTING };

struct co_visitor {
	TAILQ_ENTRY(co_visitor) next;
	struct co_door *door;
	struct bufferevent *bev;
	struct event *timer;
	int64_t since_ns;
	enum phase phase;
	bool known;
	/* The request. */
	char *text; /* of its headers, which q points into */
	struct co_question q;
	char peer[CR_ADDRESS_TEXT];
	/* The answer. */
	bool pieces; /* with the length of each: chunked */
	bool idle; /* CO_PART_LATER */
	enum co_part (*more)(void *arg, struct evbuffer *to);
	void (*gone)(void *arg);
	void *arg;
};

struct co_door {
	struct co_door_rules rules;
	struct event_base *base;
	struct event *event, *timer;
	TAILQ_HEAD(, co_visitor) visitors; /* the oldest first */
	unsigned int count, most;
	int fd;
};

int co_door_backlog(void)
{
	return BACKLOG;
}

/* Whoever makes the answer hears of its end once. */
static void door_over(struct co_visitor *v)
{
	void (*gone)(void *arg) = v->gone;

	v->gone = NULL;
	v->more = NULL;
	if (gone)
		gone(v->arg);
}

static void door_go(struct co_visitor *v)
{
	struct co_door *d = v->door;

	TAILQ_REMOVE(&d->visitors, v, next);
	d->count--;
	door_over(v);
	if (v->timer)
		event_free(v->timer);
	if (v->bev)
		bufferevent_free(v->bev);
	free(v->text);
	free(v);
	event_add(d->event, NULL);
}

static void door_within(struct co_visitor *v, int ms)
{
	const struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	evtimer_add(v->timer, &t);
}

/* ---- the answer ---- */

static const char *words(int status)
{
	static const struct {
		int status;
		const char *text;
	} all[] = {
		{ 200, "OK" },
		{ 202, "Accepted" },
		{ 303, "See Other" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 421, "Misdirected Request" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(all); i++)
		if (all[i].status == status)
			return all[i].text;
	return "Internal Server Error";
}

void co_answer_error(struct co_answer *a, int http, int status, const char *format, ...)
{
	char text[1024], *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	struct cr_json json = CR_JSON_TIGHT(f);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	a->status = http;
	a->type = NULL;
	evbuffer_drain(a->body, evbuffer_get_length(a->body));
	if (!f)
		return;
	cr_json_object(&json, NULL);
	cr_json_int(&json, "status", status);
	cr_json_text(&json, "error", text);
	cr_json_end(&json);
	if (!fclose(f))
		evbuffer_add(a->body, out, len);
	free(out);
}

/* What a page may do that comes from here: nothing that is not from here as well. */
static const char safe[] =
	"Cache-Control: no-store\r\n"
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	"img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
	"base-uri 'none'; frame-ancestors 'none'\r\n"
	"X-Frame-Options: DENY\r\nX-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
	"Connection: close\r\n";

static void door_headers(struct co_visitor *v, const struct co_answer *a, struct evbuffer *out)
{
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s%s", a->status,
			    words(a->status), a->type ? a->type : "application/json", safe,
			    a->headers);
	if (!a->more)
		evbuffer_add_printf(out, "Content-Length: %zu\r\n", evbuffer_get_length(a->body));
	else if (v->pieces)
		evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n");
	if (a->status == 401)
		evbuffer_add_printf(out, "WWW-Authenticate: Bearer\r\n");
	evbuffer_add_printf(out, "\r\n");
}

/* The answer has been sent: what he still sends is not wanted. */
static void door_part(struct co_visitor *v)
{
	SSL *ssl = v->door->rules.tls ? bufferevent_openssl_get_ssl(v->bev) : NULL;

	v->phase = PARTING;
	if (ssl)
		SSL_shutdown(ssl);
	shutdown(bufferevent_getfd(v->bev), SHUT_WR);
	door_within(v, PART_MS);
	/* Unread it would make the kernel take the answer back. */
	bufferevent_enable(v->bev, EV_READ);
}

static void door_add(struct co_visitor *v, struct evbuffer *part)
{
	struct evbuffer *out = bufferevent_get_output(v->bev);

	if (!evbuffer_get_length(part))
		return;
	if (v->pieces)
		evbuffer_add_printf(out, "%zx\r\n", evbuffer_get_length(part));
	evbuffer_add_buffer(out, part);
	if (v->pieces)
		evbuffer_add_printf(out, "\r\n");
}

/* More of an answer, as long as there is room to send. */
static void door_make(struct co_visitor *v)
{
	struct evbuffer *out = bufferevent_get_output(v->bev), *part;
	enum co_part is = CO_PART_MORE;

	if (!v->more || evbuffer_get_length(out) >= SENDING)
		return;
	part = evbuffer_new();
	if (part)
		is = v->more(v->arg, part);
	if (part)
		door_add(v, part);
	if (is == CO_PART_LAST && v->pieces)
		evbuffer_add_printf(out, "0\r\n\r\n");
	if (part)
		evbuffer_free(part);
	v->idle = is == CO_PART_LATER;
	/* It may last: that he has gone is told by reading. */
	if (v->idle)
		bufferevent_enable(v->bev, EV_READ);
	if (is == CO_PART_LAST)
		door_over(v);
	if (v->idle)
		door_within(v, evbuffer_get_length(out) ? ANSWER_MS : IDLE_MS);
	/* A part may be empty: then no word of its having been sent will come. */
	else if (!evbuffer_get_length(out))
		bufferevent_trigger(v->bev, EV_WRITE,
				    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static void door_tell(struct co_visitor *v, struct co_answer *a)
{
	struct evbuffer *out = bufferevent_get_output(v->bev);

	v->phase = ANSWERING;
	v->known |= a->known;
	v->pieces = !v->q.old;
	v->arg = a->arg;
	v->more = a->more;
	v->gone = a->gone;
	door_headers(v, a, out);
	if (v->q.head)
		door_over(v);
	else if (a->more)
		door_add(v, a->body);
	else
		evbuffer_add_buffer(out, a->body);
	/* Who closes his side by now only says that he has asked all. */
	bufferevent_disable(v->bev, EV_READ);
	door_within(v, ANSWER_MS);
	door_make(v);
}

static void refuse(struct co_visitor *v, int http, const char *why)
{
	struct co_answer a = { .body = evbuffer_new() };

	if (!a.body) {
		door_go(v);
		return;
	}
	co_answer_error(&a, http, CR_EXIT_USAGE, "%s", why);
	door_tell(v, &a);
	evbuffer_free(a.body);
}

void co_door_begin(struct co_visitor *v, struct co_answer *a)
{
	*a = (struct co_answer){ .status = 200, .body = evbuffer_new() };
}

void co_door_answer(struct co_visitor *v, struct co_answer *a)
{
	v->gone = NULL;
	if (a->body)
		door_tell(v, a);
	else
		door_go(v);
	if (a->body)
		evbuffer_free(a->body);
}

void co_door_wake(struct co_visitor *v)
{
	if (v->idle && v->phase == ANSWERING)
		door_make(v);
}

/* ---- the request ---- */

static void serve(struct co_visitor *v)
{
	struct co_answer a = { .status = 200, .body = evbuffer_new() };

	if (!a.body) {
		door_go(v);
		return;
	}
	v->door->rules.answer(v->door->rules.arg, &v->q, &a);
	if (a.later) {
		v->phase = WAITING;
		v->known |= a.known;
		v->gone = a.gone;
		v->arg = a.arg;
		door_within(v, WAIT_MS);
	} else {
		door_tell(v, &a);
	}
	evbuffer_free(a.body);
}

/* Headers are there: true if they are in order. */
static bool take_headers(struct co_visitor *v, struct evbuffer *in, size_t n)
{
	int status;

	v->text = cr_xmalloc(n + CO_QUESTION_BODY + 2);
	evbuffer_remove(in, v->text, n);
	/* Without the empty line. */
	v->text[n - (v->text[n - 2] == '\r' ? 2 : 1)] = 0;
	v->q.visitor = v;
	v->q.peer = v->peer;
	v->q.tls = v->door->rules.tls;
	status = strlen(v->text) + 2 < n || !*v->text ? 400 : co_question_parse(v->text, &v->q);
	if (status)
		refuse(v, status, words(status));
	else
		v->q.body = v->text + n + 1;
	return !status;
}

static void door_hear(struct co_visitor *v)
{
	struct evbuffer *in = bufferevent_get_input(v->bev);
	size_t n = evbuffer_get_length(in), end;

	if (!v->text) {
		end = co_question_end((const char *)evbuffer_pullup(in, -1), n);
		if (end > CO_QUESTION_MAX || (!end && n >= CO_QUESTION_MAX))
			refuse(v, 431, words(431));
		else if (end && take_headers(v, in, end))
			door_hear(v);
	} else if (n >= v->q.want) {
		v->q.len = evbuffer_remove(in, (char *)v->q.body, v->q.want);
		((char *)v->q.body)[v->q.len] = 0;
		if (strlen(v->q.body) == v->q.len)
			serve(v);
		else
			refuse(v, 400, words(400));
	}
}

/* ---- a visitor's course ---- */

static void door_on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct co_visitor *v = arg;

	if (v->phase == ASKING)
		door_hear(v);
	else
		evbuffer_drain(in, evbuffer_get_length(in));
}

static void door_on_written(struct bufferevent *bev, void *arg)
{
	struct co_visitor *v = arg;

	if (v->phase != ANSWERING)
		return;
	if (v->more && v->idle)
		door_within(v, IDLE_MS);
	else
		door_make(v);
	if (!v->more && !evbuffer_get_length(bufferevent_get_output(bev)))
		door_part(v);
}

static void door_on_event(struct bufferevent *bev, short what, void *arg)
{
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		door_go(arg);
}

static void door_on_time(evutil_socket_t fd, short what, void *arg)
{
	struct co_visitor *v = arg;

	if (v->phase == ANSWERING && v->idle &&
	    !evbuffer_get_length(bufferevent_get_output(v->bev)))
		door_make(v);
	else
		door_go(v);
}

/* ---- who comes ---- */

/* The oldest who has not shown the token. */
static struct co_visitor *eldest(const struct co_door *d)
{
	struct co_visitor *v;

	TAILQ_FOREACH (v, &d->visitors, next) {
		if (!v->known)
			return v;
	}
	return NULL;
}

/* What is left of his moment. */
static int ms_left(const struct co_visitor *v)
{
	return MOMENT_MS - (cr_now_ns(CLOCK_MONOTONIC) - v->since_ns) / 1000000;
}

static bool door_make_room(struct co_door *d)
{
	struct co_visitor *v = eldest(d);

	if (!v || ms_left(v) > 0)
		return false;
	door_go(v);
	return true;
}

static struct bufferevent *door_line(struct co_door *d, int fd)
{
	SSL *ssl = d->rules.tls ? SSL_new(d->rules.tls) : NULL;
	struct bufferevent *bev;

	if (!d->rules.tls)
		return bufferevent_socket_new(d->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bev = ssl ? bufferevent_openssl_socket_new(d->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
						   BEV_OPT_CLOSE_ON_FREE) :
		    NULL;
	if (bev)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	else if (ssl)
		SSL_free(ssl);
	return bev;
}

static void door_take(struct co_door *d, int fd, const struct sockaddr_storage *from)
{
	struct co_visitor *v = cr_xcalloc(1, sizeof(*v));

	v->door = d;
	v->since_ns = cr_now_ns(CLOCK_MONOTONIC);
	if (from->ss_family != AF_UNIX)
		cr_address_text((const struct sockaddr *)from, v->peer);
	TAILQ_INSERT_TAIL(&d->visitors, v, next);
	d->count++;
	v->timer = evtimer_new(d->base, door_on_time, v);
	v->bev = door_line(d, fd);
	if (!v->timer || !v->bev) {
		if (!v->bev)
			close(fd);
		door_go(v);
		return;
	}
	bufferevent_setcb(v->bev, door_on_read, door_on_written, door_on_event, v);
	bufferevent_setwatermark(v->bev, EV_READ, 0, CO_QUESTION_MAX + CO_QUESTION_BODY);
	bufferevent_setwatermark(v->bev, EV_WRITE, 0, 0);
	door_within(v, ASK_MS);
	bufferevent_enable(v->bev, EV_READ | EV_WRITE);
}

static void pause_door(struct co_door *d)
{
	const struct co_visitor *v = eldest(d);
	int ms = v ? ms_left(v) : PAUSE_MS;
	struct timeval t = { .tv_usec = (ms > 0 ? ms : 1) * 1000 };

	event_del(d->event);
	evtimer_add(d->timer, &t);
}

static void on_ready(evutil_socket_t listening, short what, void *arg)
{
	struct co_door *d = arg;
	int i;

	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int fd;

		if (d->count >= d->most && !door_make_room(d)) {
			pause_door(d);
			return;
		}
		fd = accept4(listening, (struct sockaddr *)&from, &len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			door_take(d, fd, &from);
		} else if (errno == EAGAIN) {
			return;
		} else if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			    errno == ENOMEM) &&
			   !door_make_room(d)) {
			pause_door(d);
			return;
		}
	}
}

static void door_on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct co_door *d = arg;

	event_add(d->event, NULL);
}

struct co_door *co_door_open(struct event_base *base, int fd, const struct co_door_rules *rules)
{
	struct co_door *d = cr_xcalloc(1, sizeof(*d));

	d->rules = *rules;
	d->base = base;
	d->fd = fd;
	d->most = cr_unproved_most(VISITORS_MAX);
	TAILQ_INIT(&d->visitors);
	d->event = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, d);
	d->timer = evtimer_new(base, door_on_pause_over, d);
	if (!d->event || !d->timer || event_add(d->event, NULL)) {
		co_door_free(d);
		return NULL;
	}
	return d;
}

void co_door_free(struct co_door *d)
{
	if (!d)
		return;
	while (d->event && !TAILQ_EMPTY(&d->visitors))
		door_go(TAILQ_FIRST(&d->visitors));
	if (d->event)
		event_free(d->event);
	if (d->timer)
		event_free(d->timer);
	close(d->fd);
	free(d);
}
