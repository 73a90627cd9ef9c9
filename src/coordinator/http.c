// SPDX-License-Identifier: Apache-2.0
//
// The coordinator over HTTP, in its loop: what it knows as JSON, metrics for Prometheus, events as
// they happen, and actions. Which path is whose, and who may ask. routes.def has the paths,
// doc/openapi.json describes them. Connections are door.c's. Failures of a request end that
// request.
#include "coordinator/http.h"

#include <errno.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/database.h"
#include "coordinator/door.h"
#include "coordinator/http_actions.h"
#include "coordinator/http_address.h"
#include "coordinator/http_call.h"
#include "coordinator/http_files.h"
#include "coordinator/http_rows.h"
#include "coordinator/http_session.h"
#include "coordinator/http_stream.h"
#include "coordinator/metrics.h"
#include "coordinator/sign_in.h"

/* Whom a path is for. */
enum access { OPEN, SIGNED };

static const struct route {
	const char *method, *path;
	void (*answer)(struct co_call *k);
	enum access access;
} routes[] = {
#define ROUTE(method, path, answer, access) { #method, path, answer, access },
#include "coordinator/routes.def"
#undef ROUTE
};

/* ---- paths ---- */

/* Whether it is that path, with something in place of {}. */
static bool matches(const char *pattern, const char *path)
{
	while (*pattern && *pattern != '{')
		if (*pattern++ != *path++)
			return false;
	if (!*pattern)
		return !*path;
	return strcspn(path, "/") && matches(strchr(pattern, '}') + 1, path + strcspn(path, "/"));
}

/* The part of the path that stands for {}. */
static bool take_of(const char *pattern, const char *path, char *of, size_t room)
{
	const char *open = strchr(pattern, '{');
	char *text, *plain;
	size_t n, len = 0;
	bool ok;

	*of = 0;
	if (!open)
		return true;
	path += open - pattern;
	n = strcspn(path, "/");
	text = cr_xmemdup(path, n);
	plain = text ? evhttp_uridecode(text, 0, &len) : NULL;
	free(text);
	ok = plain && len == strlen(plain) && len && len < room;
	if (ok)
		strcpy(of, plain);
	free(plain);
	return ok;
}

/* That of the path and method; allow: the method of a path that is there with another. */
static const struct route *find_route(const struct co_question *q, const char *path, char *of,
				      size_t room, const char **allow)
{
	const char *method = q->head ? "GET" : q->method;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(routes); i++) {
		if (!matches(routes[i].path, path) || !take_of(routes[i].path, path, of, room))
			continue;
		if (!strcmp(method, routes[i].method))
			return &routes[i];
		*allow = !strcmp(routes[i].method, "GET") ? "GET, HEAD" : routes[i].method;
	}
	return NULL;
}

/* ---- who ---- */

static void deny(struct co_http *h, const struct co_question *q, struct co_answer *a)
{
	bool tried = q->authorization || q->cookie, often = tried && !co_sign_may_fail(h->sign);

	h->refused++;
	if (often)
		strcpy(a->headers, "Retry-After: 1\r\n");
	co_answer_error(a, often ? 429 : 401, CR_EXIT_TRUST, "%s",
			often ? "too many have tried with what is not right" :
				"sign in first (crctl dashboard), or send Authorization: Bearer "
				"with what is in http.token, in the folder of --state");
}

/* What came by a cookie may be a page's from elsewhere. False: that is told. */
static bool from_here(struct co_http *h, const struct co_question *q, struct co_answer *a)
{
	const char *why = NULL;

	if (!co_sign_host(h->c, q)) {
		co_answer_error(a, 421, CR_EXIT_TRUST,
				"this server does not go by that name "
				"(crcoordinator --http-host)");
		return false;
	}
	if (strcmp(q->method, "POST") || co_sign_same_origin(h->sign, q, &why))
		return true;
	h->refused++;
	co_answer_error(a, 403, CR_EXIT_TRUST, "%s", why);
	return false;
}

/* ---- requests ---- */

static void route_it(struct co_http *h, const struct co_question *q, const char *path,
		     struct evkeyvalq *query, struct co_answer *a)
{
	enum co_who who = co_sign_who(h->sign, q);
	const char *allow = NULL;
	char of[sizeof(((cairn_Request *)0)->job)];
	const struct route *r = find_route(q, path, of, sizeof(of), &allow);
	struct co_call call = { .h = h, .q = q, .a = a, .of = of, .query = query };

	a->known = who != CO_NOBODY;
	if (!r && !allow && !strcmp(q->head ? "GET" : q->method, "GET") && co_http_file(path, a))
		return;
	if (who == CO_NOBODY && !(r && r->access == OPEN)) {
		deny(h, q, a);
		return;
	}
	if (who == CO_BY_COOKIE && !(r && r->access == OPEN) && !from_here(h, q, a))
		return;
	if (r) {
		r->answer(&call);
	} else if (allow) {
		snprintf(a->headers, sizeof(a->headers), "Allow: %s\r\n", allow);
		co_answer_error(a, 405, CR_EXIT_USAGE, "%s is only for %s", path, allow);
	} else {
		co_answer_error(a, 404, CR_EXIT_NOT_FOUND, "there is no %s here", path);
	}
}

static void http_on_question(void *arg, const struct co_question *q, struct co_answer *a)
{
	struct evhttp_uri *uri = evhttp_uri_parse(q->target);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
	struct evkeyvalq arguments;
	struct co_http *h = arg;

	h->answered++;
	/* What is told must be so whatever becomes of us. */
	co_db_commit(h->c->db);
	if (!path || evhttp_parse_query_str(query ? query : "", &arguments)) {
		co_answer_error(a, 400, CR_EXIT_USAGE, "this is no path");
	} else {
		route_it(h, q, path, &arguments, a);
		evhttp_clear_headers(&arguments);
	}
	if (uri)
		evhttp_uri_free(uri);
}

/* ---- for the rest of the coordinator ---- */

static void http_happened(struct co *c)
{
	if (c->http && c->http->streams)
		co_streams_wake(c->http->streams);
}

static int http_link(struct co *c, char *url, size_t len, struct cr_err *err)
{
	char key[CO_SIGN_KEY + 1];

	if (!*c->http->url)
		return cr_fail(
			err, CR_EXIT_CLUSTER, 0,
			"browsers do not reach %s (start crcoordinator with --http HOST:PORT)",
			c->options.http);
	if (!co_sign_link(c->http->sign, key))
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "there is no randomness");
	snprintf(url, len, "%s/sign-in?key=%s", c->http->url, key);
	return 0;
}

/* ---- the beginning and the end ---- */

static int begin(struct co *c, struct co_http_place *place, struct cr_err *err)
{
	struct co_door_rules rules = { .answer = http_on_question, .tls = place->tls };
	struct co_http *h = c->http = cr_xcalloc(1, sizeof(*h));
	char cookie[32] = "cairn";

	h->c = c;
	h->tls = place->tls;
	place->tls = NULL;
	h->began_ms = cr_now_ns(CLOCK_REALTIME) / 1000000;
	snprintf(h->url, sizeof(h->url), "%s", place->url);
	/* Those of one host are one to a browser, whatever their ports. */
	if (place->port)
		snprintf(cookie, sizeof(cookie), "cairn-%u", place->port);
	h->sign = co_sign_new(c, cookie, err);
	if (!h->sign)
		return -EIO;
	c->happened = http_happened;
	c->web_link = http_link;
	h->streams = co_streams_new(c->base);
	h->actions = co_actions_new(c);
	rules.arg = h;
	h->door = co_door_open(c->base, place->fd, &rules);
	place->fd = -1;
	return 0;
}

int co_http_listen(struct co *c, struct cr_err *err)
{
	struct co_http_place place;
	int ret;

	if (!c->options.http)
		return 0;
	ret = co_http_place(c, &place, err);
	if (ret)
		return ret;
	ret = begin(c, &place, err);
	cr_close_fd(&place.fd);
	SSL_CTX_free(place.tls);
	if (!ret)
		cr_say("HTTP%s on %s; its token is in %s/http.token", c->http->tls ? "S" : "",
		       c->options.http, c->options.state);
	return ret;
}

void co_http_free(struct co *c)
{
	struct co_http *h = c->http;

	if (!h)
		return;
	c->happened = NULL;
	c->web_link = NULL;
	co_door_free(h->door);
	co_streams_free(h->streams);
	co_actions_free(h->actions);
	co_sign_free(h->sign);
	SSL_CTX_free(h->tls);
	free(h);
	c->http = NULL;
}
