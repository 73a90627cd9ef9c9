// SPDX-License-Identifier: Apache-2.0
//
// Links: a stream with TLS or without, and frames in it. In the daemons' event loops.
//
// A link is CONNECTING, PROVING, UP, then CLOSING (by us) or DOWN. Both sides greet each other
// inside TLS before anything else. So a client, too, knows that it was accepted before it is told
// that the link is up, and one that is no Cairn, or of another version, is told apart. Whatever
// fails ends the link and only the link, by down(). Handlers may close any link: the struct is
// freed when the last of our callbacks on it has returned.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pb_decode.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "net/link.h"
#include "net/link_state.h"
#include "net/listener.h"
#include "net/users.h"

/* A peer that takes nothing for so long is gone. */
#define UNACKED_MS 10000
/* What is queued at close has this long to leave. */
#define CLOSE_SECONDS 3
/* Read in one turn of the loop; then others have theirs. */
#define TURN (4 << 20)

/* The last two bytes would not survive a transfer as text. */
static const unsigned char greeting[8] = { 'C', 'A', 'I', 'R', 'N', 1, '\r', '\n' };
#define GREETING_VERSION 5

/* ---- whose it is ---- */

/* After each change of what waits here. */
static void count_bytes(struct cr_link *l)
{
	size_t held = cr_stream_queued(&l->stream);

	if (!l->user)
		return;
	if (l->body)
		held += (size_t)l->head.message + l->head.payload;
	l->user->bytes += held - l->held;
	l->held = held;
}

void cr_link_release(struct cr_link *l)
{
	if (!l->user)
		return;
	l->user->bytes -= l->held;
	l->held = 0;
	cr_user_leave(l->user);
	l->user = NULL;
}

/* ---- the end of a link ---- */

static void link_enter(struct cr_link *l)
{
	l->inside++;
}

/* Frees it if it has ended and nothing of ours runs on it any more. */
static void link_leave(struct cr_link *l)
{
	if (--l->inside || l->state != CR_LINK_DOWN)
		return;
	cr_link_release(l);
	cr_stream_free(&l->stream);
	free(l->body);
	if (l->connecting)
		event_free(l->connecting);
	if (l->timer)
		event_free(l->timer);
	cr_close_fd(&l->fd);
	free(l);
}

void cr_link_drop(struct cr_link *l)
{
	link_enter(l);
	l->state = CR_LINK_DOWN;
	link_leave(l);
}

/* Tells the handler; inside enter and leave. */
static void link_fail(struct cr_link *l, const struct cr_err *why)
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
	cr_stream_end(&l->stream);
	cr_stream_reading(&l->stream, true);
}

void cr_link_close(struct cr_link *l)
{
	if (l->state == CR_LINK_CLOSING || l->state == CR_LINK_DOWN)
		return;
	link_enter(l);
	if (l->state == CR_LINK_UP) {
		l->state = CR_LINK_CLOSING;
		wait_seconds(l, CLOSE_SECONDS);
		if (!cr_link_backlog(l))
			finish_closing(l);
	} else {
		l->state = CR_LINK_DOWN;
	}
	link_leave(l);
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

static void fail_with(struct cr_link *l, int error, const char *what)
{
	struct cr_err why = { 0 };

	cr_fail(&why, CR_EXIT_CLUSTER, error, "%s: %s", l->text, what);
	link_fail(l, &why);
}

static void link_take_greeting(struct cr_link *l)
{
	struct cr_err why = { 0 };
	unsigned char got[sizeof(greeting)], version;

	l->got = 0;
	memcpy(got, &l->head, sizeof(got));
	version = got[GREETING_VERSION];
	got[GREETING_VERSION] = greeting[GREETING_VERSION];
	if (memcmp(got, greeting, sizeof(got))) {
		cr_fail(&why, CR_EXIT_CLUSTER, 0, "%s %s with something that is not Cairn", l->text,
			l->listener ? "came" : "answers");
		link_fail(l, &why);
	} else if (version != greeting[GREETING_VERSION]) {
		cr_fail(&why, CR_EXIT_CLUSTER, 0,
			"%s speaks version %u of Cairn's links, and this one version %u: update "
			"the older of the two",
			l->text, version, greeting[GREETING_VERSION]);
		link_fail(l, &why);
	} else {
		set_up(l);
	}
}

/* Decodes the message that is complete, and hands it over. */
static void take_message(struct cr_link *l)
{
	size_t len = l->head.payload;
	pb_istream_t in = pb_istream_from_buffer(l->body + len, l->head.message);
	cr_auto_free void *body = l->body;
	const struct cr_link_handler *h = l->h;
	cr_auto_free void *msg = malloc(h->size);

	l->body = NULL;
	l->got = 0;
	count_bytes(l);
	if (!msg) {
		fail_with(l, ENOMEM, "no memory for a message");
	} else if (!pb_decode(&in, h->type, msg)) {
		fail_with(l, EPROTO, "a message that cannot be understood");
	} else {
		h->message(l, msg, len ? body : NULL, len, l->arg);
		pb_release(h->type, msg);
	}
}

/* The header is there: room for the rest, if there may be so much. */
static void take_head(struct cr_link *l)
{
	struct cr_err why = { 0 };

	if (!cr_frame_fits(&l->head)) {
		fail_with(l, EPROTO, "a message that is longer than any may be");
		return;
	}
	if (l->user &&
	    !cr_user_may(l->user, (size_t)l->head.message + l->head.payload, &why)) {
		if (!cr_stream_queued(&l->stream))
			cr_refuse_client(l->stream.fd, &why);
		link_fail(l, &why);
		return;
	}
	l->body = malloc((size_t)l->head.message + l->head.payload + 1);
	count_bytes(l);
	if (!l->body)
		fail_with(l, ENOMEM, "no memory for a message");
	else if (!l->head.message && !l->head.payload)
		take_message(l);
}

/* Where the next bytes go. */
static void *link_place(struct cr_link *l, size_t *want)
{
	size_t at = l->got - sizeof(l->head);

	if (l->got < sizeof(l->head)) {
		*want = sizeof(l->head) - l->got;
		return (char *)&l->head + l->got;
	}
	if (at < l->head.message) {
		*want = l->head.message - at;
		return l->body + l->head.payload + at;
	}
	at -= l->head.message;
	*want = l->head.payload - at;
	return l->body + at;
}

static void take_piece(struct cr_link *l)
{
	if (l->got == sizeof(l->head) && l->state == CR_LINK_PROVING)
		link_take_greeting(l);
	else if (l->got == sizeof(l->head))
		take_head(l);
	else if (l->got == sizeof(l->head) + l->head.message + l->head.payload)
		take_message(l);
}

static void explain_end(struct cr_link *l, ssize_t n)
{
	struct cr_err why = { 0 };

	if (l->state == CR_LINK_PROVING)
		cr_trust_explain(l->trust, l->stream.ssl, l->stream.error, l->listener, l->text,
				 &why);
	else if (!n)
		cr_fail(&why, CR_EXIT_CLUSTER, 0, "%s closed the connection", l->text);
	else
		cr_fail(&why, CR_EXIT_CLUSTER, -n, "%s: the connection broke", l->text);
	link_fail(l, &why);
}

/* Nobody looks any more: until the other side has ended it, too. */
static void throw_away(struct cr_link *l)
{
	static unsigned char nowhere[65536];
	ssize_t n;

	do
		n = cr_stream_read(&l->stream, nowhere, sizeof(nowhere));
	while (n > 0);
	if (n != -EAGAIN)
		l->state = CR_LINK_DOWN;
}

static bool wants_bytes(const struct cr_link *l)
{
	return l->state == CR_LINK_PROVING || (l->state == CR_LINK_UP && !l->paused && l->h);
}

static void take_bytes(struct cr_link *l)
{
	size_t turn = 0, want;

	while (wants_bytes(l)) {
		unsigned char *to = link_place(l, &want);
		ssize_t n = cr_stream_read(&l->stream, to, want);

		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			explain_end(l, n);
			return;
		}
		l->got += n;
		turn += n;
		if ((size_t)n == want)
			take_piece(l);
		if (turn > TURN) {
			cr_stream_reading(&l->stream, !l->paused);
			return;
		}
		/* Between messages: another look would only cost a call. */
		if (!l->got && l->stream.ssl && !cr_stream_holds(&l->stream))
			return;
	}
}

static void shake_hands(struct cr_link *l)
{
	struct cr_err why = { 0 };
	int ret = cr_stream_handshake(&l->stream);

	if (ret == -EAGAIN)
		return;
	if (!ret && cr_trust_proved(l->trust, l->stream.ssl)) {
		l->shaken = true;
		cr_stream_queue(&l->stream, greeting, sizeof(greeting), NULL, 0);
		return;
	}
	if (!ret)
		l->stream.error = ERR_PACK(ERR_LIB_SSL, 0, 0);
	cr_trust_explain(l->trust, l->stream.ssl, l->stream.error, l->listener, l->text, &why);
	link_fail(l, &why);
}

static void link_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct cr_link *l = arg;

	link_enter(l);
	if (l->state == CR_LINK_PROVING && !l->shaken)
		shake_hands(l);
	if (l->state == CR_LINK_CLOSING)
		throw_away(l);
	else if (l->shaken)
		take_bytes(l);
	link_leave(l);
}

static void link_flush(struct cr_link *l)
{
	int ret = cr_stream_flush(&l->stream);

	count_bytes(l);
	if (!ret && l->state == CR_LINK_CLOSING)
		finish_closing(l);
	else if (!ret && l->state == CR_LINK_UP && l->h && l->h->drained)
		l->h->drained(l, l->arg);
	if (!ret || ret == -EAGAIN)
		return;
	/* The other side's last words may be there yet. */
	take_bytes(l);
	explain_end(l, ret);
}

static void link_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct cr_link *l = arg;

	link_enter(l);
	if (l->state == CR_LINK_PROVING && !l->shaken)
		shake_hands(l);
	if (l->shaken && l->state != CR_LINK_DOWN)
		link_flush(l);
	link_leave(l);
}

/* ---- what happens to the connection ---- */

/* One that was adopted is up as soon as the loop runs; one that was paused reads again. */
static void link_go_on(struct cr_link *l)
{
	if (l->starting)
		set_up(l);
	l->starting = false;
	if (l->state == CR_LINK_UP && !l->paused)
		cr_stream_reading(&l->stream, true);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct cr_link *l = arg;
	struct cr_err why = { 0 };

	link_enter(l);
	if (l->state == CR_LINK_UP && l->over) {
		fail_with(l, ENOBUFS, "it does not read what it has asked for");
	} else if (l->state == CR_LINK_UP) {
		link_go_on(l);
	} else if (l->error) {
		cr_fail(&why, CR_EXIT_CLUSTER, l->error, "%s cannot be reached", l->text);
		link_fail(l, &why);
	} else if (l->state == CR_LINK_CONNECTING) {
		cr_fail(&why, CR_EXIT_CLUSTER, ETIMEDOUT, "%s cannot be reached", l->text);
		link_fail(l, &why);
	} else {
		cr_fail(&why, CR_EXIT_CLUSTER, ETIMEDOUT,
			"%s has not proved who it is in %d seconds", l->text, CR_PROVE_SECONDS);
		link_fail(l, &why);
	}
	link_leave(l);
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
	l->fd = l->stream.fd = -1;
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

static void set_tcp_options(int fd)
{
	int one = 1, ms = UNACKED_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* The socket is the link's from here on, also when this fails. */
static bool open_stream(struct cr_link *l, int fd, bool accepted)
{
	SSL *ssl = l->trust ? cr_trust_ssl(l->trust) : NULL;
	bool good =
		cr_stream_open(&l->stream, l->base, fd, ssl, link_on_readable, link_on_writable, l);

	if (!good || (l->trust && !ssl))
		return false;
	if (!ssl)
		return true;
	set_tcp_options(fd);
	if (accepted)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	l->state = CR_LINK_PROVING;
	wait_seconds(l, CR_PROVE_SECONDS);
	cr_stream_reading(&l->stream, true);
	return true;
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct cr_link *l = arg;
	struct cr_err why = { 0 };
	socklen_t len = sizeof(l->error);

	link_enter(l);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &l->error, &len);
	if (l->error) {
		cr_fail(&why, CR_EXIT_CLUSTER, l->error, "%s cannot be reached", l->text);
		link_fail(l, &why);
	} else {
		l->fd = -1;
		event_free(l->connecting);
		l->connecting = NULL;
		if (!open_stream(l, fd, false))
			fail_with(l, ENOMEM, "no memory for TLS");
	}
	link_leave(l);
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

void cr_link_detach(struct cr_link *l)
{
	cr_stream_detach(&l->stream);
	event_free(l->timer);
	l->timer = NULL;
	l->base = NULL;
}

bool cr_link_attach(struct cr_link *l, struct event_base *base, const struct cr_link_handler *h,
		    void *arg)
{
	l->base = base;
	l->h = h;
	l->arg = arg;
	l->paused = false;
	l->timer = evtimer_new(base, on_timer, l);
	if (!l->timer ||
	    !cr_stream_attach(&l->stream, base, link_on_readable, link_on_writable, l)) {
		cr_link_drop(l);
		return false;
	}
	cr_stream_reading(&l->stream, true);
	if (cr_link_backlog(l))
		event_active(l->stream.writable, EV_WRITE, 1);
	return true;
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
	if (!open_stream(l, fd, true)) {
		l->stream.fd = -1; /* still the caller's */
		cr_link_drop(l);
		return NULL;
	}
	l->state = CR_LINK_UP;
	l->shaken = true;
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
	if (!open_stream(l, fd, true)) {
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

/* Half an answer must not pass for a whole one: who gets no more is cut off, soon. */
static bool may_queue(struct cr_link *l, size_t len)
{
	if (l->over)
		return false;
	if (!l->user || cr_user_may(l->user, len, NULL))
		return true;
	l->over = true;
	wait_seconds(l, 0);
	return false;
}

bool cr_link_send(struct cr_link *l, const void *msg, const void *payload, size_t len)
{
	unsigned char room[sizeof(struct cr_frame_header) + CR_LINK_MESSAGE_MAX];
	ssize_t n;
	bool good;

	if (l->state != CR_LINK_UP || !l->h)
		return false;
	n = cr_frame_encode(room, sizeof(room), l->h->type, msg, len);
	good = n > 0 && may_queue(l, n + len) &&
	       cr_stream_queue(&l->stream, room, n, payload, len);
	count_bytes(l);
	return good;
}

struct cr_shared *cr_shared_new(size_t len)
{
	struct cr_shared *s = malloc(sizeof(*s) + len);

	if (s) {
		s->refs = 1;
		s->len = len;
	}
	return s;
}

void cr_shared_free(struct cr_shared *s)
{
	if (s && !--s->refs)
		free(s);
}

static void link_let_go(const void *data, size_t len, void *arg)
{
	cr_shared_free(arg);
}

bool cr_link_send_shared(struct cr_link *l, const void *msg, struct cr_shared *payload)
{
	unsigned char room[sizeof(struct cr_frame_header) + CR_LINK_MESSAGE_MAX];
	ssize_t n;

	if (!payload || !payload->len)
		return cr_link_send(l, msg, NULL, 0);
	if (l->state != CR_LINK_UP || !l->h)
		return false;
	n = cr_frame_encode(room, sizeof(room), l->h->type, msg, payload->len);
	if (n < 0)
		return false;
	payload->refs++;
	if (cr_stream_queue_lent(&l->stream, room, n, payload->data, payload->len, link_let_go,
				 payload))
		return true;
	payload->refs--;
	return false;
}

size_t cr_link_backlog(const struct cr_link *l)
{
	return cr_stream_queued(&l->stream);
}

void cr_link_pause(struct cr_link *l, bool pause)
{
	if (l->paused == pause || l->state != CR_LINK_UP)
		return;
	l->paused = pause;
	if (!l->starting)
		cr_stream_reading(&l->stream, !pause);
}

void cr_link_limit(struct cr_link *l, size_t send, size_t receive)
{
	if (l->stream.fd >= 0)
		cr_stream_limit(&l->stream, send, receive);
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
	return l->stream.fd >= 0 ? l->stream.fd : l->fd;
}

void *cr_link_arg(const struct cr_link *l)
{
	return l->arg;
}
