// SPDX-License-Identifier: Apache-2.0
//
// A question over HTTP whose path is known, for those who answer it; see http_call.c.
#pragma once

#include "common/json.h"

struct co;
struct co_answer;
struct co_door;
struct co_question;
struct co_sign;
struct co_streams;
struct co_actions;
struct evbuffer;
struct evkeyvalq;
struct ssl_ctx_st;

struct co_http {
	struct co *c;
	struct co_door *door;
	struct co_sign *sign;
	struct co_streams *streams;
	struct co_actions *actions;
	struct ssl_ctx_st *tls;
	char url[300];
	int64_t began_ms; /* CLOCK_REALTIME */
	uint64_t answered, refused; /* questions; those of who may not ask */
};

struct co_call {
	struct co_http *h;
	const struct co_question *q;
	struct co_answer *a;
	const char *of; /* what stood for {}; "" */
	struct evkeyvalq *query;
};

/* A number of the query, within these; or otherwise. False: it is none, and that is told. */
bool co_call_number(struct co_call *k, const char *name, uint64_t least, uint64_t most,
		    uint64_t otherwise, uint64_t *out);
/* A text of the body, an object of JSON. False: it is not there, and that is told. */
bool co_call_text(struct co_call *k, const char *name, char *out, size_t room);
/* The same of others; false: not there, and nothing is told. */
bool co_call_flag(struct co_call *k, const char *name);
bool co_call_real(struct co_call *k, const char *name, double *out);

/* JSON into a buffer: begun, and ended. False: no memory. */
struct co_text {
	char *text;
	size_t len;
	struct cr_json json;
};
bool co_text_begin(struct co_text *t);
bool co_text_end(struct co_text *t, struct evbuffer *to);

/* The HTTP of an exit status. */
int co_http_status(int status);
