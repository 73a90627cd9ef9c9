// SPDX-License-Identifier: Apache-2.0
//
// Who asks over HTTP: connections, their bounds, one request and one answer each; see door.c.
#pragma once

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>

struct co_door;

/* What came. Texts are valid during the call. */
struct co_question {
	const char *target; /* path and query */
	const char *authorization; /* NULL: none */
};

struct co_door_rules {
	/* Whether this one may ask at all; if so, others are not preferred to him. */
	bool (*known)(void *arg, const struct co_question *q);
	/* The status, with what is to be told in body and its type. */
	int (*answer)(void *arg, const struct co_question *q, struct evbuffer *body,
		      const char **type);
	void *arg;
};

/* fd: listening, not blocking; it is the door's from here on. NULL: no memory. */
struct co_door *co_door_open(struct event_base *base, int fd, const struct co_door_rules *rules);
void co_door_free(struct co_door *d);

/* The backlog that suits: who waits in it has his turn in a moment. */
int co_door_backlog(void);
