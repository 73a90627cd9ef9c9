// SPDX-License-Identifier: Apache-2.0
//
// Descriptors and a link.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;
struct event;
struct event_base;

struct cr_link;

/* From a descriptor into the link, or from the link into a descriptor. */
struct cr_rsh_stream {
	struct cr_rsh_relay *relay;
	unsigned int number;
	int fd; /* -1: over */
	struct event *event;
	struct evbuffer *queue; /* of one that is written to */
	bool ending; /* what is in the queue is the last */
};

struct cr_rsh_relay {
	struct event_base *base;
	struct cr_link *link;
	struct cr_rsh_stream streams[3];
	void (*over)(struct cr_rsh_relay *r); /* a stream is; may be NULL */
	void *arg;
};

struct event_base *cr_rsh_base(void);
void cr_rsh_relay_start(struct cr_rsh_relay *r, struct event_base *base, struct cr_link *link);
/* Takes the descriptor; number says which stream it is. */
void cr_rsh_relay_from(struct cr_rsh_relay *r, unsigned int number, int fd);
void cr_rsh_relay_to(struct cr_rsh_relay *r, unsigned int number, int fd);
/* Bytes that have come; none: the end of the stream. */
void cr_rsh_relay_put(struct cr_rsh_relay *r, unsigned int number, const void *bytes, size_t len);
/* Nobody wants to have more of what is read. */
void cr_rsh_relay_unread(struct cr_rsh_relay *r, unsigned int number);
/* The link takes more again. */
void cr_rsh_relay_drained(struct cr_rsh_relay *r);
/* Whether nothing is open or queued any more, of those that are written to. */
bool cr_rsh_relay_empty(const struct cr_rsh_relay *r);
