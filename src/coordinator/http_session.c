// SPDX-License-Identifier: Apache-2.0
//
// Signing in and out over HTTP, by a link or the token; and whether all is well, which everybody
// may know. The secrets are sign_in.c's.
#include "coordinator/http_session.h"

#include <event2/http.h>
#include <string.h>

#include "common/err.h"
#include "coordinator/coordinator.h"
#include "coordinator/door.h"
#include "coordinator/http_call.h"
#include "coordinator/nodes.h"
#include "coordinator/sign_in.h"

/* More than a token has. */
#define TOKEN_MAX 512

static void failed(struct co_call *k, const char *why)
{
	bool often = !co_sign_may_fail(k->h->sign);

	k->h->refused++;
	if (often)
		strcpy(k->a->headers, "Retry-After: 1\r\n");
	co_answer_error(k->a, often ? 429 : 403, CR_EXIT_TRUST, "%s%s", why,
			often ? " (and too many have tried of late)" : "");
}

static bool host_is_ours(struct co_call *k)
{
	if (co_sign_host(k->h->c, k->q))
		return true;
	co_answer_error(k->a, 421, CR_EXIT_TRUST,
			"this server does not go by that name (crcoordinator --http-host)");
	return false;
}

static bool begin_session(struct co_call *k, char csrf[CO_SIGN_KEY + 1])
{
	if (co_sign_begin(k->h->sign, k->q->tls, k->a->headers, sizeof(k->a->headers), csrf))
		return true;
	co_answer_error(k->a, 500, CR_EXIT_INTERNAL, "there is no randomness");
	return false;
}

static void tell_session(struct co_call *k, const char *csrf, int64_t expires_ms)
{
	struct co_text out = { .json = { .tight = true } };

	if (!co_text_begin(&out))
		return;
	cr_json_object(&out.json, NULL);
	cr_json_text(&out.json, "csrf", csrf);
	cr_json_int(&out.json, "expires_ms", expires_ms);
	cr_json_end(&out.json);
	co_text_end(&out, k->a->body);
}

void co_http_follow_link(struct co_call *k)
{
	const char *key = evhttp_find_header(k->query, "key");
	char csrf[CO_SIGN_KEY + 1];
	size_t n;

	if (!host_is_ours(k))
		return;
	/* To look does not use it up. */
	if (k->q->head) {
		k->a->status = 405;
		return;
	}
	if (!co_sign_take_link(k->h->sign, key)) {
		failed(k, "this link is not good any more (crctl dashboard gives a new one)");
		return;
	}
	if (!begin_session(k, csrf))
		return;
	k->a->status = 303;
	n = strlen(k->a->headers);
	snprintf(k->a->headers + n, sizeof(k->a->headers) - n, "Location: /\r\n");
}

void co_http_sign_in(struct co_call *k)
{
	char token[TOKEN_MAX], csrf[CO_SIGN_KEY + 1];
	const char *origin = k->q->origin ? strstr(k->q->origin, "://") : NULL;

	if (!host_is_ours(k))
		return;
	/* Nobody signs a browser in from elsewhere. */
	if (k->q->origin && (!origin || strcasecmp(origin + 3, k->q->host))) {
		co_answer_error(k->a, 403, CR_EXIT_TRUST, "the Origin is not this server's");
		return;
	}
	if (!co_call_text(k, "token", token, sizeof(token)))
		return;
	if (!co_sign_token(k->h->sign, token, strlen(token)))
		failed(k, "that is not the token (it is in http.token, in the folder of --state)");
	else if (begin_session(k, csrf))
		tell_session(k, csrf, cr_now_ns(CLOCK_REALTIME) / 1000000 + CO_SESSION_S * 1000ll);
}

void co_http_sign_out(struct co_call *k)
{
	co_sign_out(k->h->sign, k->q, k->a->headers, sizeof(k->a->headers));
	evbuffer_add_printf(k->a->body, "{\"done\":true}\n");
}

void co_http_session(struct co_call *k)
{
	char csrf[CO_SIGN_KEY + 1];
	int64_t until = co_sign_session(k->h->sign, k->q, csrf);

	if (until)
		tell_session(k, csrf, until);
	else
		co_answer_error(k->a, 404, CR_EXIT_NOT_FOUND,
				"there is no session, as the token was given");
}

/* ---- health ---- */

static const char *what_is_wrong(const struct co *c)
{
	/* After a start nothing is placed before all nodes can have come back. */
	if (!co_settled(c))
		return "it has just been started, and waits for its nodes";
	if (c->nodes.n && !c->up)
		return "no node is there";
	return "";
}

void co_http_health(struct co_call *k)
{
	struct co_text out = { .json = { .tight = true } };
	const char *reason = what_is_wrong(k->h->c);

	k->a->status = *reason ? 503 : 200;
	if (!co_text_begin(&out))
		return;
	cr_json_object(&out.json, NULL);
	cr_json_bool(&out.json, "ok", !*reason);
	cr_json_text(&out.json, "reason", reason);
	cr_json_end(&out.json);
	co_text_end(&out, k->a->body);
}
