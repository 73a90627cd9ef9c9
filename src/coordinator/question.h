// SPDX-License-Identifier: Apache-2.0
//
// A request of HTTP/1.1, taken apart; see question.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a request may have of headers, and of a body behind them. */
#define CO_QUESTION_MAX 8192
#define CO_QUESTION_BODY 4096

struct co_visitor;

/* What came. Texts are valid during the call that gets it. NULL: there was none. */
struct co_question {
	const char *method, *target; /* path and query */
	const char *host, *authorization, *cookie, *origin, *csrf, *last_event, *length;
	const char *transfer; /* Transfer-Encoding */
	bool head; /* HEAD: as GET, and only the headers are told */
	bool old; /* HTTP/1.0 */
	size_t want; /* bytes of the body */
	const char *body; /* with a zero behind it */
	size_t len;
	/* Of the connection. */
	struct co_visitor *visitor;
	const char *peer; /* its address, "" on a unix socket */
	bool tls;
};

/*
 * Text: a request line and headers, with their ends of line, and a zero behind; it is cut up. 0, or
 * the status that tells what is wrong.
 */
int co_question_parse(char *text, struct co_question *q);
/* Where the empty line behind the headers ends; 0: it has not come. */
size_t co_question_end(const char *text, size_t n);
