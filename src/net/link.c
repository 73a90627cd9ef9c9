// SPDX-License-Identifier: Apache-2.0
//
// Links: libevent's bufferevents with OpenSSL, and frames in them. In the daemons' event loops.
//
// A link is CONNECTING, PROVING, UP, then CLOSING (by us) or DOWN. Both sides greet each other
// inside TLS before anything else. So a client, too, knows that it was accepted before it is told
// that the link is up, and one that is no Cairn, or of another version, is told apart. Whatever
// fails ends the link and only the link, by down(). Handlers may close any link: the struct is
// freed when the last of our callbacks on it has returned.
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/bufferevent_struct.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pb_decode.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "net/link_state.h"
#include "net/trust.h"

/* A peer that takes nothing for so long is gone. */
#define UNACKED_MS 10000
/* What is queued at close has this long to leave. */
#define CLOSE_SECONDS 3
/* Taken from a unix socket at once. */
#define READ_BYTES (256 * 1024)

/* The last two bytes would not survive a transfer as text. */
static const unsigned char greeting[8] = { 'C', 'A', 'I', 'R', 'N', 1, '\r', '\n' };
#define GREETING_VERSION 5

/* ---- the end of a link ---- */

static void enter(struct cr_link *l)
{
	l->inside++;
}

/* Frees it if it has ended and nothing of ours runs on it any more. */
static void leave(struct cr_link *l)
{
	if (--l->inside || l->state != CR_LINK_DOWN)
		return;
	if (l->bev)
		bufferevent_free(l->bev);
	if (l->connecting)
		event_free(l->connecting);
	if (l->timer)
		event_free(l->timer);
	if (l->limit)
		ev_token_bucket_cfg_free(l->limit);
	cr_close_fd(&l->fd);
	free(l);
}

void cr_link_drop(struct cr_link *l)
{
	enter(l);
	l->state = CR_LINK_DOWN;
	leave(l);
}

/* Tells the handler; inside enter and leave. */
static void fail(struct cr_link *l, const struct cr_err *why)
{
	const struct cr_link_handler *h = l->state == CR_LINK_CLOSING ? NULL : l->h;

	if (l->state == CR_LINK_DOWN)
		return;
	l->state = CR_LINK_DOWN;
	if (l->listener)
		cr_listener_failed(l->listener, l, why);
	else if (h && h->down)
		h->down(l, why, l->arg);
}

static void wait_seconds(struct cr_link *l, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	evtimer_add(l->timer, &tv);
}

/* All has been written: says so, and waits for the other side to have read it. */
static void finish_closing(struct cr_link *l)
{
	if (l->ssl)
		SSL_shutdown(l->ssl);
	ERR_clear_error();
	shutdown(bufferevent_getfd(l->bev), SHUT_WR);
	bufferevent_enable(l->bev, EV_READ);
}

void cr_link_close(struct cr_link *l)
{
	if (l->state == CR_LINK_CLOSING || l->state == CR_LINK_DOWN)
		return;
	enter(l);
	if (l->state == CR_LINK_UP) {
		l->state = CR_LINK_CLOSING;
		wait_seconds(l, CLOSE_SECONDS);
		if (!cr_link_backlog(l))
			finish_closing(l);
	} else {
		l->state = CR_LINK_DOWN;
	}
	leave(l);
}

/* ---- what comes ---- */

static void set_up(struct cr_link *l)
{
	struct cr_listener *listener = l->listener;

	l->state = CR_LINK_UP;
	evtimer_del(l->timer);
	l->listener = NULL;
	if (listener)
		cr_listener_up(listener, l);
	else if (l->h && l->h->up)
		l->h->up(l, l->arg);
}

static void fail_foreign(struct cr_link *l)
{
	struct cr_err why = { 0 };

	cr_fail(&why, CR_EXIT_CLUSTER, 0, "%s %s with something that is not Cairn", l->text,
		l->listener ? "came" : "answers");
	fail(l, &why);
}

static void take_greeting(struct cr_link *l, struct evbuffer *in)
{
	unsigned char got[sizeof(greeting)];
	struct cr_err why = { 0 };
	unsigned char version;

	if (evbuffer_get_length(in) < sizeof(got))
		return;
	evbuffer_remove(in, got, sizeof(got));
	version = got[GREETING_VERSION];
	got[GREETING_VERSION] = greeting[GREETING_VERSION];
	if (memcmp(got, greeting, sizeof(got))) {
		fail_foreign(l);
	} else if (version != greeting[GREETING_VERSION]) {
		cr_fail(&why, CR_EXIT_CLUSTER, 0,
			"%s speaks version %u of Cairn's links, and this one version %u: update "
			"the older of the two",
			l->text, version, greeting[GREETING_VERSION]);
		fail(l, &why);
	} else {
		set_up(l);
	}
}

/* Decodes one message and hands it over; its bytes are at the front of in. */
static void take_message(struct cr_link *l, struct evbuffer *in)
{
	const struct cr_link_handler *h = l->h;
	struct cr_err why = { 0 };
	unsigned char *payload = NULL;
	const void *bytes =
		l->head.message ? evbuffer_pullup(in, l->head.message) : (unsigned char *)"";
	void *msg = malloc(h->size);
	pb_istream_t stream;
	bool good, full;

	stream = pb_istream_from_buffer(bytes, l->head.message);
	good = msg && bytes && pb_decode(&stream, h->type, msg);
	evbuffer_drain(in, l->head.message);
	if (good && l->head.payload)
		payload = evbuffer_pullup(in, l->head.payload);
	full = !msg || !bytes || (good && l->head.payload && !payload);
	if (good && !full) {
		h->message(l, msg, payload, l->head.payload, l->arg);
		evbuffer_drain(in, l->head.payload);
	} else {
		cr_fail(&why, CR_EXIT_CLUSTER, full ? ENOMEM : EPROTO,
			"%s: a message that cannot be %s", l->text, full ? "held" : "understood");
		fail(l, &why);
	}
	if (good)
		pb_release(h->type, msg);
	free(msg);
}

/* False: there is no whole message yet, or no more is wanted. */
static bool take_frame(struct cr_link *l, struct evbuffer *in)
{
	struct cr_err why = { 0 };

	if (l->state != CR_LINK_UP || l->paused || !l->h)
		return false;
	if (!l->begun) {
		if (evbuffer_get_length(in) < sizeof(l->head))
			return false;
		evbuffer_remove(in, &l->head, sizeof(l->head));
		l->begun = true;
	}
	if (!cr_frame_fits(&l->head)) {
		cr_fail(&why, CR_EXIT_CLUSTER, EPROTO, "%s: a message of %u and %u bytes", l->text,
			l->head.message, l->head.payload);
		fail(l, &why);
		return false;
	}
	if (evbuffer_get_length(in) < (size_t)l->head.message + l->head.payload)
		return false;
	l->begun = false;
	take_message(l, in);
	return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct cr_link *l = arg;

	enter(l);
	if (l->state == CR_LINK_PROVING)
		take_greeting(l, in);
	while (take_frame(l, in))
		;
	if (l->state == CR_LINK_CLOSING)
		evbuffer_drain(in, evbuffer_get_length(in));
	leave(l);
}

static void on_write(struct bufferevent *bev, void *arg)
{
	struct cr_link *l = arg;

	enter(l);
	if (!cr_link_backlog(l)) {
		if (l->state == CR_LINK_CLOSING)
			finish_closing(l);
		else if (l->state == CR_LINK_UP && l->h && l->h->drained)
			l->h->drained(l, l->arg);
	}
	leave(l);
}

/* ---- what happens to the connection ---- */

/* Of a link that was up. No error: the other side has closed it as one should. */
static void explain_end(struct cr_link *l, short what, unsigned long tls, int error,
			struct cr_err *why)
{
	int reason = ERR_GET_REASON(tls);

	if (what & BEV_EVENT_EOF) {
		cr_fail(why, CR_EXIT_CLUSTER, 0, "%s closed the connection", l->text);
		return;
	}
	if (tls && ERR_SYSTEM_ERROR(tls))
		error = reason;
	else if (tls && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		error = EPROTO;
	else if (tls || !error)
		error = ECONNRESET;
	cr_fail(why, CR_EXIT_CLUSTER, error, "%s: the connection broke", l->text);
}

static void on_handshake(struct cr_link *l)
{
	if (!cr_trust_proved(l->trust, l->ssl)) {
		struct cr_err why = { 0 };

		cr_trust_explain(l->trust, l->ssl, ERR_PACK(ERR_LIB_SSL, 0, 0), l->listener,
				 l->text, &why);
		fail(l, &why);
		return;
	}
	bufferevent_write(l->bev, greeting, sizeof(greeting));
	bufferevent_enable(l->bev, EV_READ | EV_WRITE);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct cr_link *l = arg;
	int error = EVUTIL_SOCKET_ERROR();
	struct cr_err why = { 0 };
	unsigned long tls;

	enter(l);
	if (what & BEV_EVENT_CONNECTED) {
		on_handshake(l);
	} else {
		tls = l->ssl ? bufferevent_get_openssl_error(bev) : 0;
		if (l->state == CR_LINK_PROVING)
			cr_trust_explain(l->trust, l->ssl, tls, l->listener, l->text, &why);
		else
			explain_end(l, what, tls, error, &why);
		fail(l, &why);
	}
	ERR_clear_error();
	leave(l);
}

/* One that was adopted is up as soon as the loop runs; one that was paused reads again. */
static void go_on(struct cr_link *l)
{
	if (l->starting)
		set_up(l);
	l->starting = false;
	if (l->state != CR_LINK_UP || l->paused)
		return;
	bufferevent_enable(l->bev, EV_READ);
	/* What OpenSSL has decrypted already, and what has been read: no event tells of it. */
	if (l->ssl)
		event_active(&l->bev->ev_read, EV_READ, 1);
	on_read(l->bev, l);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct cr_link *l = arg;
	struct cr_err why = { 0 };

	enter(l);
	if (l->state == CR_LINK_UP) {
		go_on(l);
	} else if (l->error) {
		cr_fail(&why, CR_EXIT_CLUSTER, l->error, "%s cannot be reached", l->text);
		fail(l, &why);
	} else if (l->state == CR_LINK_CONNECTING) {
		cr_fail(&why, CR_EXIT_CLUSTER, ETIMEDOUT, "%s cannot be reached", l->text);
		fail(l, &why);
	} else {
		cr_fail(&why, CR_EXIT_CLUSTER, ETIMEDOUT,
			"%s has not proved who it is in %d seconds", l->text, CR_PROVE_SECONDS);
		fail(l, &why);
	}
	leave(l);
}

/* ---- the beginning ---- */

static struct cr_link *new_link(struct event_base *base, const struct sockaddr *peer, socklen_t len,
				const struct cr_trust *trust)
{
	struct cr_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->base = base;
	l->trust = trust;
	l->fd = -1;
	l->since = cr_now_ns(CLOCK_MONOTONIC);
	if (len > sizeof(l->peer))
		len = sizeof(l->peer);
	memcpy(&l->peer, peer, len);
	cr_address_text((const struct sockaddr *)&l->peer, l->text);
	l->timer = evtimer_new(base, on_timer, l);
	if (l->timer)
		return l;
	cr_link_drop(l);
	return NULL;
}

static void apply_limit(struct cr_link *l)
{
	struct ev_token_bucket_cfg *old = l->limit;
	size_t in = l->limit_receive ? l->limit_receive : EV_RATE_LIMIT_MAX;
	size_t out = l->limit_send ? l->limit_send : EV_RATE_LIMIT_MAX;

	l->limit = NULL;
	if (l->limit_receive || l->limit_send)
		l->limit = ev_token_bucket_cfg_new(in, in, out, out, NULL);
	bufferevent_set_rate_limit(l->bev, l->limit);
	if (old)
		ev_token_bucket_cfg_free(old);
}

static bool set_bufferevent(struct cr_link *l, struct bufferevent *bev)
{
	if (!bev)
		return false;
	l->bev = bev;
	bufferevent_setcb(bev, on_read, on_write, on_event, l);
	bufferevent_set_max_single_read(bev, READ_BYTES);
	bufferevent_set_max_single_write(bev, READ_BYTES);
	if (l->limit_send || l->limit_receive)
		apply_limit(l);
	return true;
}

static void set_tcp_options(int fd)
{
	int one = 1, ms = UNACKED_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* The socket is the link's from here on, also when this fails. */
static bool start_tls(struct cr_link *l, int fd, enum bufferevent_ssl_state role)
{
	SSL *ssl = cr_trust_ssl(l->trust);
	struct bufferevent *bev = NULL;

	set_tcp_options(fd);
	l->state = CR_LINK_PROVING;
	if (ssl)
		bev = bufferevent_openssl_socket_new(l->base, fd, ssl, role, BEV_OPT_CLOSE_ON_FREE);
	if (!set_bufferevent(l, bev)) {
		SSL_free(ssl);
		close(fd);
		return false;
	}
	l->ssl = ssl;
	wait_seconds(l, CR_PROVE_SECONDS);
	return true;
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct cr_link *l = arg;
	struct cr_err why = { 0 };
	socklen_t len = sizeof(l->error);

	enter(l);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &l->error, &len);
	if (l->error) {
		cr_fail(&why, CR_EXIT_CLUSTER, l->error, "%s cannot be reached", l->text);
		fail(l, &why);
	} else {
		l->fd = -1;
		event_free(l->connecting);
		l->connecting = NULL;
		if (!start_tls(l, fd, BUFFEREVENT_SSL_CONNECTING)) {
			cr_fail(&why, CR_EXIT_INTERNAL, ENOMEM, "%s: TLS", l->text);
			fail(l, &why);
		}
	}
	leave(l);
}

struct cr_link *cr_link_connect(struct event_base *base, const struct sockaddr *to, socklen_t len,
				const struct cr_trust *trust, const struct cr_link_handler *h,
				void *arg)
{
	struct cr_link *l = new_link(base, to, len, trust);

	if (!l)
		return NULL;
	l->h = h;
	l->arg = arg;
	l->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || (connect(l->fd, to, len) && errno != EINPROGRESS))
		l->error = errno;
	else
		l->connecting = event_new(base, l->fd, EV_WRITE, on_connected, l);
	if (l->connecting)
		event_add(l->connecting, NULL);
	else if (!l->error)
		l->error = ENOMEM;
	wait_seconds(l, l->error ? 0 : CR_PROVE_SECONDS);
	return l;
}

struct cr_link *cr_link_adopt(struct event_base *base, int fd, const struct cr_link_handler *h,
			      void *arg)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	struct cr_link *l;

	getpeername(fd, (struct sockaddr *)&peer, &len);
	l = new_link(base, (struct sockaddr *)&peer, sizeof(peer), NULL);
	if (!l)
		return NULL;
	l->h = h;
	l->arg = arg;
	evutil_make_socket_nonblocking(fd);
	if (!set_bufferevent(l, bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE))) {
		cr_link_drop(l);
		return NULL;
	}
	l->state = CR_LINK_UP;
	l->starting = true;
	wait_seconds(l, 0);
	return l;
}

struct cr_link *cr_link_accept(struct event_base *base, int fd, const struct sockaddr *from,
			       socklen_t len, const struct cr_trust *trust,
			       struct cr_listener *listener)
{
	struct cr_link *l = new_link(base, from, len, trust);

	if (!l) {
		close(fd);
		return NULL;
	}
	if (!start_tls(l, fd, BUFFEREVENT_SSL_ACCEPTING)) {
		cr_link_drop(l);
		return NULL;
	}
	l->listener = listener;
	return l;
}

/* ---- what users do ---- */

void cr_link_handle(struct cr_link *l, const struct cr_link_handler *h, void *arg)
{
	l->h = h;
	l->arg = arg;
}

bool cr_link_send(struct cr_link *l, const void *msg, const void *payload, size_t len)
{
	unsigned char room[sizeof(struct cr_frame_header) + CR_LINK_MESSAGE_MAX];
	struct evbuffer *out;
	ssize_t n;

	if (l->state != CR_LINK_UP || !l->h)
		return false;
	n = cr_frame_encode(room, sizeof(room), l->h->type, msg, len);
	if (n < 0)
		return false;
	out = bufferevent_get_output(l->bev);
	/* Room for all first: half a message must never be queued. */
	return !evbuffer_expand(out, n + len) && !evbuffer_add(out, room, n) &&
	       (!len || !evbuffer_add(out, payload, len));
}

size_t cr_link_backlog(const struct cr_link *l)
{
	return l->bev ? evbuffer_get_length(bufferevent_get_output(l->bev)) : 0;
}

void cr_link_pause(struct cr_link *l, bool pause)
{
	if (l->paused == pause || l->state != CR_LINK_UP)
		return;
	l->paused = pause;
	if (pause)
		bufferevent_disable(l->bev, EV_READ);
	else
		wait_seconds(l, 0);
}

void cr_link_limit(struct cr_link *l, size_t send, size_t receive)
{
	l->limit_send = send;
	l->limit_receive = receive;
	if (l->bev)
		apply_limit(l);
}

const char *cr_link_peer(const struct cr_link *l)
{
	return l->text;
}

struct sockaddr_storage cr_link_peer_address(const struct cr_link *l)
{
	return l->peer;
}

int cr_link_fd(const struct cr_link *l)
{
	return l->bev ? bufferevent_getfd(l->bev) : l->fd;
}

void *cr_link_arg(const struct cr_link *l)
{
	return l->arg;
}
