// SPDX-License-Identifier: Apache-2.0
//
// Bytes over a socket in libevent's loop, through TLS or plainly; see stream.c.
#pragma once

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/trust.h"

struct evbuffer;
struct event;
struct event_base;

/* Bytes per second, 0: as many as there are. */
struct cr_rate {
	size_t rate;
	int64_t tokens, since;
};

struct cr_stream {
	int fd; /* its own */
	SSL *ssl; /* its own; NULL: plainly */
	struct evbuffer *out;
	struct event *readable, *writable, *refill;
	struct cr_rate send, receive;
	uint64_t keyed; /* bytes sent under the present key */
	size_t again; /* OpenSSL wants the same write once more, of this length */
	unsigned long error; /* OpenSSL's last */
	bool reading; /* wanted; readable is off as well while the rate says so */
};

/*
 * Takes fd, and ssl if not NULL, also when it fails: false, no memory. The callbacks tell of
 * readiness; they may free the stream. Reading is off at first.
 */
bool cr_stream_open(struct cr_stream *s, struct event_base *base, int fd, SSL *ssl,
		    event_callback_fn readable, event_callback_fn writable, void *arg);
void cr_stream_free(struct cr_stream *s);
/* Leaves its loop, outside of its callbacks; and comes to another. False: no memory. */
void cr_stream_detach(struct cr_stream *s);
bool cr_stream_attach(struct cr_stream *s, struct event_base *base, event_callback_fn readable,
		      event_callback_fn writable, void *arg);

/* 0: done. -EAGAIN. -EPROTO: s->error tells what; or -errno: the other side went away. */
int cr_stream_handshake(struct cr_stream *s);
/* >0: so many bytes. 0: the other side has ended it as one should. -EAGAIN, or -errno. */
ssize_t cr_stream_read(struct cr_stream *s, void *buf, size_t len);
/* True if a read would give bytes of which the socket tells nothing. */
bool cr_stream_holds(const struct cr_stream *s);
/* Both or nothing; false: no memory. writable() comes soon. */
bool cr_stream_queue(struct cr_stream *s, const void *a, size_t alen, const void *b, size_t blen);
/* The same, but b stays where it is until done() tells that it is gone. */
bool cr_stream_queue_lent(struct cr_stream *s, const void *a, size_t alen, const void *b,
			  size_t blen, evbuffer_ref_cleanup_cb done, void *arg);
size_t cr_stream_queued(const struct cr_stream *s);
/* Writes what is queued. 0: all is gone. -EAGAIN: writable() comes; or -errno. */
int cr_stream_flush(struct cr_stream *s);
/* Whether readable() is wanted; it comes at once if the stream holds something. */
void cr_stream_reading(struct cr_stream *s, bool on);
void cr_stream_limit(struct cr_stream *s, size_t send, size_t receive);
/* Nothing more will be sent. */
void cr_stream_end(struct cr_stream *s);
