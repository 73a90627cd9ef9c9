// SPDX-License-Identifier: Apache-2.0
//
// What the coordinator knows, for programs that look on: JSON and Prometheus' text over HTTP, in
// the coordinator's loop. It only reads. Without TLS, so at a loopback address or a unix socket
// only; and only for who has the token, which lies in STATE/http.token for the coordinator's user.
// Fields are those of common/rows_json.c, as of crctl. Connections are door.c's. Failures of a
// request end that request.
#include "coordinator/door.h"
#include "coordinator/events.h"
#include "coordinator/http.h"
#include "coordinator/jobs.h"
#include "coordinator/nodes.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/defs.h"
#include "common/rows_json.h"
#include "common/xalloc.h"
#include "coordinator/door.h"
#include "net/address.h"
#include "net/link.h"
#include "net/trust.h"

/* Events of one answer; the next begins behind the last of these. */
#define EVENTS_MAX 1000

struct co_http {
	struct co *c;
	struct co_door *door;
	char *token;
	size_t token_len;
};

/* ---- what can be asked ---- */

struct query {
	struct co *c;
	struct evbuffer *out; /* of text */
	struct cr_json json; /* with the list open that was asked for */
	struct evkeyvalq *arguments;
	size_t rows;
};

static void get_jobs(struct query *q)
{
	static cairn_JobRow row;
	size_t i;

	for (i = 0; i < q->c->jobs.n; i++) {
		memset(&row, 0, sizeof(row));
		co_job_row(q->c->jobs.v[i], &row);
		cr_json_message(&q->json, NULL, &cr_json_job, &row, &cr_json_http);
	}
}

static void get_nodes(struct query *q)
{
	static cairn_NodeRow row;
	size_t i;

	for (i = 0; i < q->c->nodes.n; i++) {
		memset(&row, 0, sizeof(row));
		co_node_row(q->c->nodes.v[i], &row);
		cr_json_message(&q->json, NULL, &cr_json_node, &row, &cr_json_http);
	}
}

static bool http_on_event(const cairn_EventRow *row, void *arg)
{
	struct query *q = arg;

	cr_json_message(&q->json, NULL, &cr_json_event, row, &cr_json_http);
	return ++q->rows < EVENTS_MAX;
}

static void get_events(struct query *q)
{
	const char *since = evhttp_find_header(q->arguments, "since");

	co_events_each(q->c, since ? strtoull(since, NULL, 10) : 0, http_on_event, q);
}

/* ---- metrics ---- */

static void add_metric(struct evbuffer *out, const char *name, const char *type, const char *help)
{
	evbuffer_add_printf(out, "# HELP cairn_%s %s\n# TYPE cairn_%s %s\n", name, help, name,
			    type);
}

/* One number per state; all states are there, also with zero. */
static void add_states(struct evbuffer *out, const char *name, const char *const *states,
		       const unsigned int *counts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		evbuffer_add_printf(out, "cairn_%s{state=\"%s\"} %u\n", name, states[i], counts[i]);
}

static void count_state(const char *const *states, unsigned int *counts, size_t n,
			const char *state)
{
	size_t i;

	for (i = 0; i < n; i++)
		counts[i] += !strcmp(states[i], state);
}

static void add_nodes(struct co *c, struct evbuffer *out)
{
	static const char *const states[] = { "up",	  "suspect", "lost",
					      "draining", "drained", "leaving" };
	unsigned int counts[CR_ARRAY_SIZE(states)] = { 0 };
	static cairn_NodeRow row;
	size_t i;

	add_metric(out, "nodes", "gauge", "Nodes by state.");
	for (i = 0; i < c->nodes.n; i++) {
		memset(&row, 0, sizeof(row));
		co_node_row(c->nodes.v[i], &row);
		count_state(states, counts, CR_ARRAY_SIZE(states), row.state);
	}
	add_states(out, "nodes", states, counts, CR_ARRAY_SIZE(states));
}

static void add_jobs(struct co *c, struct evbuffer *out)
{
	static const char *const states[] = { "starting", "running",	"checkpointing",
					      "waiting",  "recovering", "stopped",
					      "ended",	  "failed",	"lost" };
	unsigned int counts[CR_ARRAY_SIZE(states)] = { 0 }, members = 0, restarts = 0;
	static cairn_JobRow row;
	size_t i;

	add_metric(out, "jobs", "gauge", "Jobs by state.");
	for (i = 0; i < c->jobs.n; i++) {
		if (c->jobs.v[i]->state == CO_JOB_FORGOTTEN)
			continue;
		memset(&row, 0, sizeof(row));
		co_job_row(c->jobs.v[i], &row);
		count_state(states, counts, CR_ARRAY_SIZE(states), row.state);
		members += c->jobs.v[i]->live;
		restarts += row.restarts;
	}
	add_states(out, "jobs", states, counts, CR_ARRAY_SIZE(states));
	add_metric(out, "members", "gauge", "Members of jobs that live.");
	evbuffer_add_printf(out, "cairn_members %u\n", members);
	add_metric(out, "job_restarts", "gauge", "Restarts of all jobs that are known.");
	evbuffer_add_printf(out, "cairn_job_restarts %u\n", restarts);
}

static void add_job_metrics(struct co *c, struct evbuffer *out)
{
	static const struct {
		const char *name, *help;
		size_t at;
		double unit;
	} metrics[] = {
		{ "job_stall_seconds", "For how long the newest checkpoint stopped the job.",
		  offsetof(cairn_JobRow, stall_ns), 1e9 },
		{ "job_checkpoint_seconds", "How long the newest checkpoint took in all.",
		  offsetof(cairn_JobRow, wall_ns), 1e9 },
		{ "job_committed_timestamp_seconds", "When the newest checkpoint was committed.",
		  offsetof(cairn_JobRow, committed_at), 1e3 },
	};
	static cairn_JobRow row;
	size_t i, k;

	for (k = 0; k < CR_ARRAY_SIZE(metrics); k++) {
		add_metric(out, metrics[k].name, "gauge", metrics[k].help);
		for (i = 0; i < c->jobs.n; i++) {
			uint64_t value;

			if (co_job_over(c->jobs.v[i]))
				continue;
			memset(&row, 0, sizeof(row));
			co_job_row(c->jobs.v[i], &row);
			memcpy(&value, (char *)&row + metrics[k].at, sizeof(value));
			evbuffer_add_printf(out, "cairn_%s{id=\"%llu\",job=\"%s\"} %.6f\n",
					    metrics[k].name, (unsigned long long)row.id, row.name,
					    value / metrics[k].unit);
		}
	}
}

static void get_metrics(struct query *q)
{
	add_nodes(q->c, q->out);
	add_jobs(q->c, q->out);
	add_job_metrics(q->c, q->out);
	add_metric(q->out, "events_total", "counter", "Events since the cluster was made.");
	evbuffer_add_printf(q->out, "cairn_events_total %llu\n",
			    (unsigned long long)q->c->next_event);
}

static const struct {
	const char *path;
	void (*get)(struct query *q);
	const char *list; /* of JSON rows; NULL: plain text */
} paths[] = {
	{ "/v1/jobs", get_jobs, "jobs" },
	{ "/v1/nodes", get_nodes, "nodes" },
	{ "/v1/events", get_events, "events" },
	{ "/metrics", get_metrics, NULL },
};

/* ---- requests ---- */

static bool http_allowed(void *arg, const struct co_question *q)
{
	static const char bearer[] = "Bearer ";
	const char *given = q->authorization;
	const struct co_http *h = arg;

	return given && !strncmp(given, bearer, strlen(bearer)) &&
	       strlen(given + strlen(bearer)) == h->token_len &&
	       !CRYPTO_memcmp(given + strlen(bearer), h->token, h->token_len);
}

/* As an object with one list, each row in a line of its own. */
static int fill_json(struct query *q, size_t path)
{
	size_t len = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);
	int status = HTTP_OK;

	if (!out)
		return HTTP_INTERNAL;
	q->json = (struct cr_json){ .out = out, .tight = true, .lines = true };
	cr_json_object(&q->json, NULL);
	cr_json_array(&q->json, paths[path].list);
	paths[path].get(q);
	cr_json_end(&q->json);
	cr_json_end(&q->json);
	if (fclose(out) || evbuffer_add(q->out, text, len))
		status = HTTP_INTERNAL;
	free(text);
	return status;
}

static int http_fill(struct co_http *h, struct evhttp_uri *uri, size_t path, struct evbuffer *body,
		     const char **type)
{
	const char *query = evhttp_uri_get_query(uri);
	struct evkeyvalq arguments;
	struct query q = { .c = h->c, .out = body, .arguments = &arguments };
	int status = HTTP_OK;

	if (evhttp_parse_query_str(query ? query : "", &arguments))
		return HTTP_BADREQUEST;
	*type = paths[path].list ? "application/json" : "text/plain; version=0.0.4";
	if (paths[path].list)
		status = fill_json(&q, path);
	else
		paths[path].get(&q);
	evhttp_clear_headers(&arguments);
	return status;
}

static int http_on_question(void *arg, const struct co_question *q, struct evbuffer *body,
			    const char **type)
{
	struct evhttp_uri *uri = evhttp_uri_parse(q->target);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	int status = uri ? HTTP_NOTFOUND : HTTP_BADREQUEST;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(paths) && status == HTTP_NOTFOUND; i++)
		if (path && !strcmp(path, paths[i].path))
			status = http_fill(arg, uri, i, body, type);
	if (uri)
		evhttp_uri_free(uri);
	return status;
}

/* ---- the beginning and the end ---- */

static int load_token(struct co_http *h, struct cr_err *err)
{
	char path[CR_PATH_MAX];
	struct cr_err made = { 0 };
	ssize_t n;

	snprintf(path, sizeof(path), "%s/http.token", h->c->options.state);
	if (cr_trust_make_key(path, &made) && made.status != CR_EXIT_EXISTS) {
		*err = made;
		return -EIO;
	}
	n = cr_slurp(AT_FDCWD, path, &h->token);
	if (n < 0)
		return cr_fail(err, CR_EXIT_IO, -n, "%s", path);
	h->token_len = strcspn(h->token, " \t\r\n");
	h->token[h->token_len] = 0;
	if (h->token_len < 16)
		return cr_fail(err, CR_EXIT_TRUST, 0,
			       "%s: the token has fewer than 16 characters (remove the file, and "
			       "a new one is made)",
			       path);
	return 0;
}

static bool is_loopback(const struct sockaddr_storage *at)
{
	const struct sockaddr_in *v4 = (const void *)at;
	const struct sockaddr_in6 *v6 = (const void *)at;

	return (at->ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127) ||
	       (at->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));
}

static int get_address(const char *text, struct sockaddr_storage *at, socklen_t *len,
		       struct cr_err *err)
{
	static const char prefix[] = "unix:";
	struct sockaddr_un *un = (void *)at;
	struct stat st;
	int ret;

	if (strncmp(text, prefix, strlen(prefix))) {
		ret = cr_address_parse(text, at, len, err);
		if (!ret && !is_loopback(at))
			ret = cr_fail(err, CR_EXIT_USAGE, 0,
				      "--http %s: HTTP has no encryption here, so only a loopback "
				      "address or unix:PATH will do (a proxy can add TLS)",
				      text);
		return ret;
	}
	text += strlen(prefix);
	if (!*text || strlen(text) >= sizeof(un->sun_path))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--http unix:%s: a path of 1 to %zu bytes",
			       text, sizeof(un->sun_path) - 1);
	memset(at, 0, sizeof(*at));
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, text);
	*len = sizeof(*un);
	/* Of the life before: the database's lock says that there is no other. */
	if (!lstat(text, &st) && S_ISSOCK(st.st_mode))
		unlink(text);
	return 0;
}

static int listen_at(const struct co *c, const struct sockaddr_storage *at, socklen_t len,
		     struct cr_err *err)
{
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0 && at->ss_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (const struct sockaddr *)at, len) || listen(fd, co_door_backlog())) {
		cr_fail(err, CR_EXIT_CLUSTER, errno, "--http %s: cannot listen", c->options.http);
		cr_close_fd(&fd);
	}
	return fd;
}

int co_http_listen(struct co *c, struct cr_err *err)
{
	struct co_door_rules rules = { http_allowed, http_on_question, NULL };
	struct sockaddr_storage at;
	struct co_http *h;
	socklen_t len;
	int ret, fd;

	if (!c->options.http)
		return 0;
	ret = get_address(c->options.http, &at, &len, err);
	if (ret)
		return ret;
	h = c->http = cr_xcalloc(1, sizeof(*h));
	h->c = c;
	ret = load_token(h, err);
	if (ret)
		return ret;
	fd = listen_at(c, &at, len, err);
	if (fd < 0)
		return -EIO;
	rules.arg = h;
	h->door = co_door_open(c->base, fd, &rules);
	if (!h->door)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "HTTP");
	cr_say("HTTP on %s; its token is in %s/http.token", c->options.http, c->options.state);
	return 0;
}

void co_http_free(struct co *c)
{
	struct co_http *h = c->http;

	if (!h)
		return;
	co_door_free(h->door);
	free(h->token);
	free(h);
	c->http = NULL;
}
