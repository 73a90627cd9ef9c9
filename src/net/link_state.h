// SPDX-License-Identifier: Apache-2.0
//
// What link.c and listener.c share: a link, and the list of those that have not proved themselves.
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "net/address.h"
#include "net/net_frame.h"
#include "net/stream.h"

struct cr_listener;
struct cr_trust;
struct event;
struct event_base;

struct cr_link_handler;
struct cr_user;

/* A peer has this long to connect, and as long again to prove itself. */
#define CR_PROVE_SECONDS 5

enum cr_link_state {
	CR_LINK_CONNECTING,
	CR_LINK_PROVING, /* TLS's handshake, then the greeting */
	CR_LINK_UP,
	CR_LINK_CLOSING, /* closed by us: what is queued goes out, nobody is told anything */
	CR_LINK_DOWN,
};

struct cr_link {
	struct event_base *base;
	struct cr_stream stream; /* .fd is -1 while there is none */
	struct event *timer;
	struct event *connecting;
	const struct cr_trust *trust; /* NULL: a unix socket */
	const struct cr_link_handler *h;
	void *arg;
	/* While it is unproved, for one that came to us. */
	struct cr_listener *listener;
	TAILQ_ENTRY(cr_link) unproved;
	int64_t since;
	enum cr_link_state state;
	unsigned int inside; /* callbacks of ours that are running: freed after the last */
	int error; /* of connect() at once */
	int fd; /* while connecting */
	bool paused;
	bool starting; /* adopted, and not yet said to be up */
	bool shaken; /* TLS is there, the greeting may come */
	bool over; /* its user may not have more bytes under way: it ends */
	struct cr_user *user; /* whose limits hold, or NULL */
	size_t held; /* bytes that are counted there */
	/* What is coming: the header (or the greeting), then the body: payload, then message. */
	struct cr_frame_header head;
	unsigned char *body;
	size_t got;
	struct sockaddr_storage peer;
	char text[CR_ADDRESS_TEXT];
};
