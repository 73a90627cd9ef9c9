// SPDX-License-Identifier: Apache-2.0
//
// Bytes over a socket in libevent's loop, through TLS or plainly. This is what libevent's
// bufferevent_openssl does too; but that takes one record of 16 KiB per turn of the loop, through
// buffers of 4 KiB, and a stream of images had half the throughput of TLS alone. Here a read goes
// straight to where the bytes shall be, OpenSSL takes several records at once from the kernel, and
// what it holds back is asked for (cr_stream_holds()), since no event tells of it. Failures are
// returned; the owner ends the stream.
#include "net/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/io.h"

/* What TLS makes a record of at most. */
#define RECORD 16384
/* Taken from the kernel at once. */
#define READ_AHEAD (4 * (RECORD + 256))
/* Written in one turn of the loop; then others have theirs. */
#define TURN (1 << 20)
/* A key has encrypted enough: AES-GCM's margin ends at some hundred GiB. */
#define KEY_BYTES (1ull << 36)
/* The allowance that gathers while nothing is sent, as time; and how often it grows. */
#define BURST_NS 100000000ll
#define REFILL_US 20000

/* ---- rates ---- */

/* Bytes that may go now, at most want. */
static size_t stream_allowed(struct cr_rate *r, size_t want)
{
	int64_t now, gone, most;

	if (!r->rate)
		return want;
	now = cr_now_ns(CLOCK_MONOTONIC);
	gone = now - r->since < BURST_NS ? now - r->since : BURST_NS;
	r->tokens += (__int128)r->rate * gone / 1000000000;
	most = r->rate / 10 > RECORD ? r->rate / 10 : RECORD;
	if (r->tokens > most)
		r->tokens = most;
	r->since = now;
	/* No tiny pieces. */
	if (r->tokens < RECORD / 4 && r->tokens < (int64_t)want)
		return 0;
	return (int64_t)want < r->tokens ? want : (size_t)r->tokens;
}

static void spend(struct cr_rate *r, size_t n)
{
	if (r->rate)
		r->tokens -= n;
}

static void wait_for_allowance(struct cr_stream *s)
{
	struct timeval tv = { .tv_usec = REFILL_US };

	evtimer_add(s->refill, &tv);
}

static void on_refill(evutil_socket_t fd, short what, void *arg)
{
	struct cr_stream *s = arg;

	if (s->reading) {
		event_add(s->readable, NULL);
		event_active(s->readable, EV_READ, 1);
	}
	if (cr_stream_queued(s))
		event_active(s->writable, EV_WRITE, 1);
}

void cr_stream_limit(struct cr_stream *s, size_t send, size_t receive)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	s->send = (struct cr_rate){ .rate = send, .since = now };
	s->receive = (struct cr_rate){ .rate = receive, .since = now };
	wait_for_allowance(s);
}

/* ---- TLS ---- */

/* What an error of OpenSSL's means. */
static int tls_error(struct cr_stream *s, int ret)
{
	int code = SSL_get_error(s->ssl, ret), number = errno;
	unsigned long e = ERR_peek_error();

	ERR_clear_error();
	switch (code) {
	case SSL_ERROR_WANT_READ:
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		event_add(s->writable, NULL);
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		return number && number != EPIPE ? -number : -ECONNRESET;
	}
	if (!e || ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return -ECONNRESET;
	s->error = e;
	return -EPROTO;
}

int cr_stream_handshake(struct cr_stream *s)
{
	int ret;

	errno = 0;
	ret = SSL_do_handshake(s->ssl);
	if (ret == 1) {
		/* From now on memory for several records at once. */
		SSL_set_default_read_buffer_len(s->ssl, READ_AHEAD);
		SSL_set_read_ahead(s->ssl, 1);
		return 0;
	}
	ret = tls_error(s, ret);
	return ret ? ret : -ECONNRESET;
}

/* ---- bytes ---- */

ssize_t cr_stream_read(struct cr_stream *s, void *buf, size_t len)
{
	ssize_t n;

	len = stream_allowed(&s->receive, len < INT32_MAX ? len : INT32_MAX);
	if (!len) {
		event_del(s->readable);
		wait_for_allowance(s);
		return -EAGAIN;
	}
	errno = 0;
	if (s->ssl) {
		n = SSL_read(s->ssl, buf, len);
		if (n <= 0)
			return tls_error(s, n);
	} else {
		do
			n = recv(s->fd, buf, len, MSG_DONTWAIT);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
	}
	spend(&s->receive, n);
	return n;
}

bool cr_stream_holds(const struct cr_stream *s)
{
	return s->ssl && SSL_has_pending(s->ssl);
}

bool cr_stream_queue(struct cr_stream *s, const void *a, size_t alen, const void *b, size_t blen)
{
	/* Room for all first: half a message must never be queued. */
	if (evbuffer_expand(s->out, alen + blen) || evbuffer_add(s->out, a, alen) ||
	    (blen && evbuffer_add(s->out, b, blen)))
		return false;
	if (!event_pending(s->writable, EV_WRITE, NULL))
		event_active(s->writable, EV_WRITE, 1);
	return true;
}

bool cr_stream_queue_lent(struct cr_stream *s, const void *a, size_t alen, const void *b,
			  size_t blen, evbuffer_ref_cleanup_cb done, void *arg)
{
	struct evbuffer *both = evbuffer_new();
	bool good = both && !evbuffer_add(both, a, alen) &&
		    !evbuffer_add_reference(both, b, blen, done, arg);

	/* Moves, and cannot fail. */
	if (good)
		evbuffer_add_buffer(s->out, both);
	if (both)
		evbuffer_free(both);
	if (good && !event_pending(s->writable, EV_WRITE, NULL))
		event_active(s->writable, EV_WRITE, 1);
	return good;
}

size_t cr_stream_queued(const struct cr_stream *s)
{
	return s->out ? evbuffer_get_length(s->out) : 0;
}

/* One record; bytes that are gone, or -errno. */
static ssize_t write_tls(struct cr_stream *s, size_t len)
{
	ssize_t n;

	if (s->keyed >= KEY_BYTES && SSL_key_update(s->ssl, SSL_KEY_UPDATE_NOT_REQUESTED))
		s->keyed = 0;
	len = s->again ? s->again : len < RECORD ? len : RECORD;
	n = SSL_write(s->ssl, evbuffer_pullup(s->out, len), len);
	if (n <= 0) {
		n = tls_error(s, n);
		s->again = len;
		return n ? n : -EPIPE;
	}
	s->again = 0;
	s->keyed += n;
	return n;
}

static ssize_t stream_write_plain(struct cr_stream *s, size_t len)
{
	struct evbuffer_iovec v;
	ssize_t n;

	evbuffer_peek(s->out, -1, NULL, &v, 1);
	n = send(s->fd, v.iov_base, v.iov_len < len ? v.iov_len : len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	if (errno == EAGAIN)
		event_add(s->writable, NULL);
	return errno == EINTR ? 0 : -errno;
}

int cr_stream_flush(struct cr_stream *s)
{
	size_t left, turn = 0;

	while ((left = cr_stream_queued(s))) {
		size_t len = stream_allowed(&s->send, left);
		ssize_t n;

		if (!len && !s->again) {
			wait_for_allowance(s);
			return -EAGAIN;
		}
		if (turn > TURN) {
			event_active(s->writable, EV_WRITE, 1);
			return -EAGAIN;
		}
		errno = 0;
		n = s->ssl ? write_tls(s, len) : stream_write_plain(s, len);
		if (n < 0)
			return n;
		evbuffer_drain(s->out, n);
		spend(&s->send, n);
		turn += n;
	}
	return 0;
}

void cr_stream_reading(struct cr_stream *s, bool on)
{
	s->reading = on;
	if (on) {
		event_add(s->readable, NULL);
		event_active(s->readable, EV_READ, 1);
	} else {
		event_del(s->readable);
	}
}

void cr_stream_end(struct cr_stream *s)
{
	if (s->ssl)
		SSL_shutdown(s->ssl);
	ERR_clear_error();
	shutdown(s->fd, SHUT_WR);
}

/* ---- life ---- */

bool cr_stream_attach(struct cr_stream *s, struct event_base *base, event_callback_fn readable,
		      event_callback_fn writable, void *arg)
{
	s->readable = event_new(base, s->fd, EV_READ | EV_PERSIST, readable, arg);
	s->writable = event_new(base, s->fd, EV_WRITE, writable, arg);
	s->refill = evtimer_new(base, on_refill, s);
	return s->readable && s->writable && s->refill;
}

bool cr_stream_open(struct cr_stream *s, struct event_base *base, int fd, SSL *ssl,
		    event_callback_fn readable, event_callback_fn writable, void *arg)
{
	s->fd = fd;
	s->ssl = ssl;
	s->out = evbuffer_new();
	return cr_stream_attach(s, base, readable, writable, arg) && s->out &&
	       (!ssl || SSL_set_fd(ssl, fd) == 1);
}

void cr_stream_detach(struct cr_stream *s)
{
	struct event **const events[] = { &s->readable, &s->writable, &s->refill };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(events); i++) {
		if (*events[i])
			event_free(*events[i]);
		*events[i] = NULL;
	}
}

void cr_stream_free(struct cr_stream *s)
{
	cr_stream_detach(s);
	if (s->out)
		evbuffer_free(s->out);
	SSL_free(s->ssl);
	cr_close_fd(&s->fd);
}
