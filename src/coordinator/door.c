// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 for programs that look on, in the coordinator's loop: one request for each connection,
// GET or HEAD, without a body. Every local user can connect, so all that he could use up is
// bounded: so many connections at once, so many bytes of a request, so long in all, however little
// comes at a time. When there is no room, the oldest of those who have not shown the token goes,
// once he has had a moment to speak; the others wait in the kernel. So a flood takes no descriptor
// that a node needs, and keeps nobody with the token out for long. Whatever fails ends that
// connection only.
#include "coordinator/door.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"
#include "common/xalloc.h"
#include "net/users.h"

#define VISITORS_MAX 128
/* Who finds the kernel's queue full is put off by a second, then by two, four, …: so a long one. */
#define BACKLOG 4096
#define REQUEST_MAX 8192
#define MOMENT_MS 100
#define ASK_MS 10000
#define ANSWER_MS 60000 /* to read it */
#define PART_MS 2000 /* from the answer's end to the other side's */
#define PAUSE_MS 100
#define ACCEPT_AT_ONCE 16
#define AT_ONCE 65536

enum phase { ASKING, ANSWERING, PARTING };

struct visitor {
	TAILQ_ENTRY(visitor) next;
	struct co_door *door;
	struct event *event;
	struct evbuffer *in, *out;
	int64_t since_ns, until_ns;
	enum phase phase;
	bool known;
	int fd;
};

struct co_door {
	struct co_door_rules rules;
	struct event_base *base;
	struct event *event, *timer;
	TAILQ_HEAD(, visitor) visitors; /* the oldest first */
	unsigned int count, most;
	int fd;
};

int co_door_backlog(void)
{
	return BACKLOG;
}

static void door_go(struct visitor *v)
{
	struct co_door *d = v->door;

	TAILQ_REMOVE(&d->visitors, v, next);
	d->count--;
	if (v->event)
		event_free(v->event);
	if (v->in)
		evbuffer_free(v->in);
	if (v->out)
		evbuffer_free(v->out);
	close(v->fd);
	free(v);
	event_add(d->event, NULL);
}

static void door_await(struct visitor *v, enum phase phase, int ms);

/* ---- the answer ---- */

static const char *words(int status)
{
	static const struct {
		int status;
		const char *text;
	} all[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 413, "Content Too Large" },
		{ 431, "Request Header Fields Too Large" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(all); i++)
		if (all[i].status == status)
			return all[i].text;
	return "Internal Server Error";
}

/* Takes the body over. */
static void door_tell(struct visitor *v, int status, const char *type, struct evbuffer *body,
		      bool head)
{
	if (!type) {
		type = "text/plain";
		evbuffer_add_printf(body, "%d %s\n", status, words(status));
	}
	evbuffer_add_printf(v->out,
			    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
			    "Cache-Control: no-store\r\nConnection: close\r\n%s%s\r\n",
			    status, words(status), type, evbuffer_get_length(body),
			    status == 401 ? "WWW-Authenticate: Bearer\r\n" : "",
			    status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!head)
		evbuffer_add_buffer(v->out, body);
	door_await(v, ANSWERING, ANSWER_MS);
}

/* ---- the request ---- */

/* Ends a line, and gives where the next one begins. */
static char *cut_line(char *line)
{
	char *end = strchr(line, '\n');

	*end = 0;
	if (end > line && end[-1] == '\r')
		end[-1] = 0;
	return end + 1;
}

/* The value of a header line if it is that one. */
static const char *door_value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

static int take_headers(char *line, struct co_question *q)
{
	while (*line) {
		char *next = cut_line(line);
		const char *value;

		if ((value = door_value_of(line, "Authorization"))) {
			if (q->authorization)
				return 400;
			q->authorization = value;
		}
		value = door_value_of(line, "Content-Length");
		if ((value && strcmp(value, "0")) || door_value_of(line, "Transfer-Encoding"))
			return 413;
		line = next;
	}
	return 0;
}

/* Text: a request line and headers, with their ends of line. 0, or the status that tells. */
static int door_parse(char *text, struct co_question *q, bool *head)
{
	char *headers = cut_line(text), *method = text, *target, *version;
	int ret;

	target = strchr(text, ' ');
	version = target ? strrchr(target + 1, ' ') : NULL;
	if (!version || version == target + 1)
		return 400;
	*target++ = 0;
	*version++ = 0;
	*head = !strcmp(method, "HEAD");
	if (strncmp(version, "HTTP/", 5))
		return 400;
	if (strncmp(version, "HTTP/1.", 7))
		return 505;
	q->target = target;
	ret = take_headers(headers, q);
	if (!ret && !*head && strcmp(method, "GET"))
		ret = 405;
	return ret == 413 && !*head && strcmp(method, "GET") ? 405 : ret;
}

static void door_serve(struct visitor *v, char *text)
{
	struct co_door *d = v->door;
	struct co_question q = { 0 };
	struct evbuffer *body = evbuffer_new();
	const char *type = NULL;
	bool head = false;
	int status;

	if (!body) {
		door_go(v);
		return;
	}
	status = door_parse(text, &q, &head);
	if (!status || status == 405) {
		v->known = d->rules.known(d->rules.arg, &q);
		status = v->known ? status : 401;
	}
	if (!status)
		status = d->rules.answer(d->rules.arg, &q, body, &type);
	door_tell(v, status, type, body, head);
	evbuffer_free(body);
}

/* Where the empty line behind the headers ends; 0: it has not come. */
static size_t end_of_headers(struct evbuffer *in)
{
	const char *p = (const char *)evbuffer_pullup(in, -1);
	size_t n = evbuffer_get_length(in), i, line = 0;

	for (i = 0; i < n; i++) {
		if (p[i] != '\n')
			continue;
		if (i > 0 && (i == line || (i == line + 1 && p[line] == '\r')))
			return i + 1;
		line = i + 1;
	}
	return 0;
}

static void door_hear(struct visitor *v)
{
	char text[REQUEST_MAX + 1];
	struct evbuffer *none;
	size_t n;

	n = end_of_headers(v->in);
	if (!n && evbuffer_get_length(v->in) < REQUEST_MAX) {
		door_await(v, ASKING, 0);
		return;
	}
	if (n) {
		evbuffer_remove(v->in, text, n);
		/* Without the empty line. */
		n -= text[n - 2] == '\r' ? 2 : 1;
		text[n] = 0;
		if (strlen(text) == n && n) {
			door_serve(v, text);
			return;
		}
	}
	none = evbuffer_new();
	if (none) {
		door_tell(v, n ? 400 : 431, NULL, none, false);
		evbuffer_free(none);
	} else {
		door_go(v);
	}
}

/* ---- a visitor's course ---- */

static void door_ask(struct visitor *v)
{
	int n = evbuffer_read(v->in, v->fd, REQUEST_MAX - evbuffer_get_length(v->in));

	if (n > 0)
		door_hear(v);
	else if (n < 0 && errno == EAGAIN)
		door_await(v, ASKING, 0);
	else
		door_go(v);
}

/* What he still sends is not wanted; unread it would make the kernel take the answer back. */
static void part(struct visitor *v)
{
	char waste[4096];
	ssize_t n = recv(v->fd, waste, sizeof(waste), 0);

	if (n > 0 || (n < 0 && errno == EAGAIN))
		door_await(v, PARTING, 0);
	else
		door_go(v);
}

static void write_on(struct visitor *v)
{
	int n = evbuffer_write_atmost(v->out, v->fd, AT_ONCE);

	if (n < 0 && errno != EAGAIN) {
		door_go(v);
	} else if (evbuffer_get_length(v->out)) {
		door_await(v, ANSWERING, 0);
	} else {
		shutdown(v->fd, SHUT_WR);
		door_await(v, PARTING, PART_MS);
	}
}

static void door_on_event(evutil_socket_t fd, short what, void *arg)
{
	static void (*const next[])(struct visitor * v) = {
		[ASKING] = door_ask,
		[ANSWERING] = write_on,
		[PARTING] = part,
	};
	struct visitor *v = arg;

	if (cr_now_ns(CLOCK_MONOTONIC) >= v->until_ns)
		door_go(v);
	else
		next[v->phase](v);
}

/* ms: for all of this phase, from now; 0: as was said before. */
static void door_await(struct visitor *v, enum phase phase, int ms)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC), left;
	struct timeval t;

	v->phase = phase;
	if (ms)
		v->until_ns = now + ms * 1000000ll;
	left = v->until_ns > now ? v->until_ns - now : 0;
	t = (struct timeval){ left / 1000000000, left % 1000000000 / 1000 + 1 };
	event_assign(v->event, v->door->base, v->fd, phase == ANSWERING ? EV_WRITE : EV_READ,
		     door_on_event, v);
	if (event_add(v->event, &t))
		door_go(v);
}

/* ---- who comes ---- */

/* The oldest who has not shown the token. */
static struct visitor *eldest(const struct co_door *d)
{
	struct visitor *v;

	TAILQ_FOREACH (v, &d->visitors, next) {
		if (!v->known)
			return v;
	}
	return NULL;
}

/* What is left of his moment. */
static int ms_left(const struct visitor *v)
{
	return MOMENT_MS - (cr_now_ns(CLOCK_MONOTONIC) - v->since_ns) / 1000000;
}

static bool door_make_room(struct co_door *d)
{
	struct visitor *v = eldest(d);

	if (!v || ms_left(v) > 0)
		return false;
	door_go(v);
	return true;
}

static void door_take(struct co_door *d, int fd)
{
	struct visitor *v = cr_xcalloc(1, sizeof(*v));

	v->door = d;
	v->fd = fd;
	v->since_ns = cr_now_ns(CLOCK_MONOTONIC);
	TAILQ_INSERT_TAIL(&d->visitors, v, next);
	d->count++;
	v->event = event_new(d->base, fd, EV_READ, door_on_event, v);
	v->in = evbuffer_new();
	v->out = evbuffer_new();
	if (v->event && v->in && v->out)
		door_await(v, ASKING, ASK_MS);
	else
		door_go(v);
}

static void pause_door(struct co_door *d)
{
	const struct visitor *v = eldest(d);
	int ms = v ? ms_left(v) : PAUSE_MS;
	struct timeval t = { .tv_usec = (ms > 0 ? ms : 1) * 1000 };

	event_del(d->event);
	evtimer_add(d->timer, &t);
}

static void door_on_ready(evutil_socket_t listening, short what, void *arg)
{
	struct co_door *d = arg;
	int i;

	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd;

		if (d->count >= d->most && !door_make_room(d)) {
			pause_door(d);
			return;
		}
		fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			door_take(d, fd);
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
	d->event = event_new(base, fd, EV_READ | EV_PERSIST, door_on_ready, d);
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
