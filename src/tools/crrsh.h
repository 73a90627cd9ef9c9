// SPDX-License-Identifier: Apache-2.0
//
// crrsh has two parts: the one that is called, in a member of a job, and the one that it has
// started in another member, which runs the command. A link of their own carries the command's
// three streams. Both are ordinary programs of the job: they are saved and restored with it, and so
// is the connection between them, of which neither knows anything.
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "net/link.h"

/* What both prove to each other: hexadecimal, in the environment, where nobody else reads it. */
#define CR_RSH_KEY_ENV "CRRSH_KEY"

struct cr_rsh_options {
	const char *node;
	char **command; /* ends with NULL */
	const char *serve; /* addresses, divided by commas; NULL: the part that is called */
	double timeout; /* seconds until the other part must be there */
	bool no_input; /* -n */
};

/* Both return the exit status. err: nothing was run, or it was lost. */
int cr_rsh_call(const struct cr_rsh_options *o, struct cr_err *err);
int cr_rsh_serve(const struct cr_rsh_options *o, struct cr_err *err);

/* A new member of our job on that node, which runs argv with these environment variables. */
int cr_rsh_start(const char *node, char *const *argv, char *const *env, struct cr_err *err);

/* ---- crrsh_relay.c: descriptors and a link ---- */

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
