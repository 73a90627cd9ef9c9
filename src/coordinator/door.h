// SPDX-License-Identifier: Apache-2.0
//
// Who asks over HTTP: connections, their bounds, one request and one answer each; see door.c.
#pragma once

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "coordinator/question.h"

struct co_door;

/* What there is of an answer that comes in parts. */
enum co_part {
	CO_PART_MORE, /* to be asked again when this has been sent */
	CO_PART_LATER, /* nothing for now: again after co_door_wake(), or some seconds */
	CO_PART_LAST,
};

/* An answer. What is not set is as usual. */
struct co_answer {
	int status;
	const char *type; /* NULL: JSON */
	char headers[512]; /* additional lines, each with its end */
	struct evbuffer *body; /* the door's, to be filled */
	bool known; /* has shown who he is: others are not preferred to him */
	/* The answer will come by co_door_answer(), or gone() by its visitor's leaving. */
	bool later;
	/* The rest of the body, in parts; NULL: that was all. */
	enum co_part (*more)(void *arg, struct evbuffer *to);
	/* Of later and more: it is over, whatever the reason. */
	void (*gone)(void *arg);
	void *arg;
};

struct co_door_rules {
	void (*answer)(void *arg, const struct co_question *q, struct co_answer *a);
	void *arg;
	SSL_CTX *tls; /* NULL: without; the caller's */
};

/* fd: listening, not blocking; it is the door's from here on. NULL: no memory. */
struct co_door *co_door_open(struct event_base *base, int fd, const struct co_door_rules *rules);
void co_door_free(struct co_door *d);

/* The answer of one that was to come later, made by co_door_begin(). gone() is called. */
void co_door_begin(struct co_visitor *v, struct co_answer *a);
void co_door_answer(struct co_visitor *v, struct co_answer *a);
/* There is more for a visitor whose answer comes in parts. */
void co_door_wake(struct co_visitor *v);

/* "error" of that status of the program (cairn-exit-codes(7)), as JSON. */
void co_answer_error(struct co_answer *a, int http, int status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The backlog that suits: who waits in it has his turn in a moment. */
int co_door_backlog(void);
