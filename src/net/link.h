// SPDX-License-Identifier: Apache-2.0
//
// A connection between two parts of a cluster: messages of one nanopb type, each with a payload of
// plain bytes behind it, over mutually authenticated TLS, or over a unix socket on one node. One
// thread, one libevent loop. Until the peer has proved itself nothing of it is looked at, and it is
// cut off when it takes too long.
#pragma once

#include <event2/event.h>
#include <pb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct event_base;

struct cr_err;

/* The largest message and payload; more from a peer ends the link. */
#define CR_LINK_MESSAGE_MAX (64 * 1024)
#define CR_LINK_PAYLOAD_MAX (16 * 1024 * 1024)

struct cr_link;
struct cr_listener;
struct cr_trust;
struct cr_users;

struct cr_link_handler {
	const pb_msgdesc_t *type;
	size_t size; /* of the message's struct, at most CR_LINK_MESSAGE_MAX */
	/* The peer is who it must be: from now on messages may be sent. May be NULL. */
	void (*up)(struct cr_link *l, void *arg);
	/* msg and payload are gone when this returns. The link may be closed in here. */
	void (*message)(struct cr_link *l, const void *msg, const void *payload, size_t len,
			void *arg);
	/* All that was sent has left this process. May be NULL. */
	void (*drained)(struct cr_link *l, void *arg);
	/* It broke, or never came to be; the link is gone when this returns. Not after close. */
	void (*down)(struct cr_link *l, const struct cr_err *why, void *arg);
};

/* ---- links ---- */

/* Begins to connect; down() tells of a failure, also of one at once. NULL: no memory. */
struct cr_link *cr_link_connect(struct event_base *base, const struct sockaddr *to, socklen_t len,
				const struct cr_trust *trust, const struct cr_link_handler *h,
				void *arg);
/* Takes over a connected socket without TLS: of this host only (unix, socketpair). */
struct cr_link *cr_link_adopt(struct event_base *base, int fd, const struct cr_link_handler *h,
			      void *arg);

/* It is not its user's any more, but a part of what the daemon does: no limit holds for it. */
void cr_link_release(struct cr_link *l);

/*
 * A link that is up leaves its loop, from outside of its callbacks, and comes to another, perhaps
 * of another thread; in between nothing may be done with it. False: no memory, and it is closed.
 */
void cr_link_detach(struct cr_link *l);
bool cr_link_attach(struct cr_link *l, struct event_base *base, const struct cr_link_handler *h,
		    void *arg);

void cr_link_handle(struct cr_link *l, const struct cr_link_handler *h, void *arg);
/* Queues; false if there is no memory or the link is going down. */
bool cr_link_send(struct cr_link *l, const void *msg, const void *payload, size_t len);
/*
 * A payload that many are sent: queued on all links, it is there once. Freed by the last who lets
 * go of it, the caller or a link.
 */
struct cr_shared {
	unsigned int refs;
	size_t len;
	unsigned char data[];
};
struct cr_shared *cr_shared_new(size_t len);
void cr_shared_free(struct cr_shared *s);
bool cr_link_send_shared(struct cr_link *l, const void *msg, struct cr_shared *payload);
/* Bytes queued and not yet gone. */
size_t cr_link_backlog(const struct cr_link *l);
/* Stop and go on reading, for a receiver that cannot keep up. */
void cr_link_pause(struct cr_link *l, bool pause);
/* Bytes per second that may be sent and received, 0: no limit. */
void cr_link_limit(struct cr_link *l, size_t send, size_t receive);
/* Sends what is queued, then ends; nothing is called any more. */
void cr_link_close(struct cr_link *l);
const char *cr_link_peer(const struct cr_link *l); /* its address as text */
struct sockaddr_storage cr_link_peer_address(const struct cr_link *l);
int cr_link_fd(const struct cr_link *l);
void *cr_link_arg(const struct cr_link *l);

/* A link of a socket that was accepted; it tells its listener what becomes of it. NULL: closed. */
struct cr_link *cr_link_accept(struct event_base *base, int fd, const struct sockaddr *from,
			       socklen_t len, const struct cr_trust *trust,
			       struct cr_listener *listener);
/* Without a word, at once. */
void cr_link_drop(struct cr_link *l);
