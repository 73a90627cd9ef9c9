// SPDX-License-Identifier: Apache-2.0
//
// Connections with other members of the job, made again where both ends are now. One end listens at
// a gate, the other comes to it; both prove by a secret of this restart, which "gates" has brought,
// that they are who they say, so that a stranger is turned away before a byte of the job's is sent.
// What an end had not read is in its own image: it is sent over the connection to the other end,
// which sends it back, and so it lies in the receive queue again, urgent byte and all.
// Invariant: all connections proceed at once and nobody waits to send before it reads, so that no
// buffer can be too small for all to end.
// Runs in the shepherd, before there are processes.
#include "objects/inet/tcp_rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "common/gather.h"
#include "common/image_read.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/address_map.h"
#include "objects/inet/tcp_queue.h"
#include "objects/inet/tcp_restore.h"

#define VERSION 1u
#define ATTEMPT_NS 1500000000ll /* until another port is tried */
#define PATIENCE_NS 30000000000ll /* without any progress */
#define GUESTS 1024
#define LARGEST (1ull << 31)

struct secret {
	unsigned char bytes[32];
};

/* "gates": a head, then where each end that is accepted waits. */
struct head {
	uint32_t version, n;
	struct secret secret;
};

struct waiting {
	struct cr_place at;
	uint32_t id;
};

/* The first thing that either end says. */
struct greeting {
	struct secret secret; /* of the other one's member */
	uint64_t len; /* of what follows: unread here */
	uint32_t member, id; /* whom it is for */
	uint32_t from, urgent_at;
	uint8_t urgent, inlined, byte;
	uint8_t fin; /* 1: it has sent one; 2: behind the other's */
	uint8_t reserved[4];
};

/* One end of ours. */
struct meeting {
	struct cr_inet_new *k;
	struct secret theirs;
	union cr_inet_name gate; /* where to go; or ours */
	int fd; /* -1: not there yet */
	bool known; /* the other end has proved itself */
	bool up; /* connected */
	bool shut, done;
	int64_t since;
	unsigned int tries;
	struct greeting mine, other;
	size_t greeted, heard; /* bytes of these */
	char *data, *gift; /* what is unread here, and there */
	size_t sent, got, given;
};

/* Somebody at a gate. */
struct guest {
	int fd;
	struct greeting g;
	size_t heard;
};

struct meet {
	struct cr_tcp_work *w;
	struct secret secret;
	CR_LIST(struct meeting) meetings;
	CR_LIST(struct guest) guests;
	CR_LIST(struct pollfd) poll;
	int64_t moved; /* the last time that anything did */
};

static bool is_member(const struct cr_inet_new *k)
{
	return k->m->type == SOCK_STREAM && k->m->peer_kind == cairn_InetPeer_INET_PEER_MEMBER;
}

static void tcp_rendezvous_drop(int *fd)
{
	struct linger reset = { 1, 0 };

	if (*fd >= 0)
		setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	cr_close_fd(fd);
}

/* ---- who waits where ---- */

static int tcp_rendezvous_prepare(struct meet *s, struct cr_err *err)
{
	struct cr_tcp_work *w = s->w;
	size_t i;

	for (i = 0; i < w->n; i++) {
		const cairn_InetSocket *m = w->all[i].m;
		struct meeting *t;
		int ret = 0;

		if (!is_member(&w->all[i]))
			continue;
		t = cr_list_add(&s->meetings);
		if (!t)
			return -ENOMEM;
		t->k = &w->all[i];
		t->fd = -1;
		t->gate = t->k->local;
		t->mine.len = m->has_content ? m->content.size : 0;
		t->mine.member = m->member - 1;
		t->mine.from = s->w->places->gather->member;
		t->mine.id = m->peer;
		t->mine.urgent = m->urgent;
		t->mine.urgent_at = m->urgent_at < t->mine.len ? m->urgent_at : t->mine.len;
		t->mine.inlined = cr_inet_option(m, SOL_SOCKET, SO_OOBINLINE, 0);
		t->mine.byte = m->urgent_byte;
		t->mine.fin = cr_tcp_sent_fin(m->state);
		if (m->state == CR_TCP_LAST_ACK)
			t->mine.fin = 2;
		if (m->has_content)
			ret = cr_image_read_blob(w->r->img, &m->content, (void **)&t->data, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int tell_gates(struct meet *s, struct cr_gathered *g, struct cr_err *err)
{
	struct cr_gather *gather = s->w->places->gather;
	size_t room = sizeof(struct head) + s->meetings.n * sizeof(struct waiting), i;
	cr_auto_free char *text = calloc(1, room);
	struct head h = { VERSION, 0, s->secret };
	struct waiting *v = text ? (void *)(text + sizeof(h)) : NULL;

	if (!text)
		return -ENOMEM;
	for (i = 0; i < s->meetings.n; i++) {
		const struct meeting *t = &s->meetings.v[i];

		if (t->k->m->accepted)
			v[h.n++] = (struct waiting){ cr_place_of(&t->gate, 0), t->k->m->id };
	}
	memcpy(text, &h, sizeof(h));
	return gather->all(gather, cairn_Step_STEP_GATES, text, sizeof(h) + h.n * sizeof(*v), g,
			   err);
}

/* Where the other end of a connection waits, in the family of ours. */
static bool tcp_rendezvous_find_gate(struct meeting *t, const struct cr_gathered_piece *piece,
				     uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct waiting v;

		memcpy(&v, piece->data + sizeof(struct head) + i * sizeof(v), sizeof(v));
		if (v.id != t->k->m->peer)
			continue;
		memset(&t->gate, 0, sizeof(t->gate));
		t->gate.any.sa_family = t->k->m->family;
		return cr_place_write(&v.at, &t->gate);
	}
	return false;
}

static int read_gates(struct meet *s, const struct cr_gathered *g, struct cr_err *err)
{
	size_t i, k;

	for (i = 0; i < s->meetings.n; i++) {
		struct meeting *t = &s->meetings.v[i];
		struct head h = { 0 };
		bool found = false;

		for (k = 0; k < g->n; k++) {
			if (g->v[k].member != t->mine.member)
				continue;
			if (g->v[k].len >= sizeof(h))
				memcpy(&h, g->v[k].data, sizeof(h));
			if (h.version != VERSION ||
			    h.n != (g->v[k].len - sizeof(h)) / sizeof(struct waiting))
				return cr_address_map_foreign(g->v[k].member, err);
			t->theirs = t->mine.secret = h.secret;
			found = t->k->m->accepted || tcp_rendezvous_find_gate(t, &g->v[k], h.n);
		}
		if (!found)
			return cr_fail(err, CR_EXIT_DAMAGED, 0,
				       "the image of member %u of the job lacks the other end of a "
				       "TCP connection: restart all members from checkpoints of "
				       "one number",
				       t->mine.member);
	}
	return 0;
}

/* ---- coming together ---- */

static int come(struct meet *s, struct meeting *t, struct cr_err *err)
{
	struct cr_inet_new *k = t->k;
	int error;

	if (k->fd < 0) {
		k->fd = cr_tcp_new_socket(k->m, k->m->family, err);
		if (k->fd < 0)
			return k->fd;
	}
	t->fd = k->fd;
	k->fd = -1;
	t->since = cr_now_ns(CLOCK_MONOTONIC);
	t->up = t->known = false;
	t->greeted = t->heard = t->sent = t->got = t->given = 0;
	t->tries++;
	if (!connect(t->fd, &t->gate.any, cr_inet_len(&t->gate)) || errno == EINPROGRESS)
		return 0;
	error = errno;
	tcp_rendezvous_drop(&t->fd);
	/* The same two addresses may still be another connection's: then by another port. */
	if (t->tries < 20 && (error == EADDRNOTAVAIL || error == EADDRINUSE ||
			      error == ECONNREFUSED || error == EAGAIN))
		return 0;
	return cr_tcp_made_failed(k, error, err);
}

static void tcp_rendezvous_leave(struct meeting *t)
{
	tcp_rendezvous_drop(&t->fd);
	free(t->gift);
	t->gift = NULL;
	t->up = t->known = false;
	t->greeted = t->heard = t->sent = t->got = t->given = 0;
	t->since = cr_now_ns(CLOCK_MONOTONIC);
}

static struct meeting *tcp_rendezvous_expected(struct meet *s, const struct greeting *g)
{
	size_t i;

	if (memcmp(&g->secret, &s->secret, sizeof(s->secret)) ||
	    g->member != s->w->places->gather->member)
		return NULL;
	for (i = 0; i < s->meetings.n; i++)
		if (s->meetings.v[i].k->m->accepted && s->meetings.v[i].k->m->id == g->id &&
		    s->meetings.v[i].mine.member == g->from)
			return &s->meetings.v[i];
	return NULL;
}

/* Both have to be whom they say they are before anything else is said. */
static bool tcp_rendezvous_take_greeting(struct meeting *t, const struct greeting *g)
{
	if (g->len > LARGEST || g->urgent_at > g->len)
		return false;
	t->other = *g;
	free(t->gift);
	t->gift = malloc(g->len + 1);
	t->known = t->up = t->gift;
	/* For what will come back. */
	if (t->known && t->mine.len)
		cr_tcp_open_window(t->fd, t->mine.len);
	return t->known;
}

/* False: it is nobody any more. */
static bool hear_guest(struct meet *s, struct guest *guest)
{
	struct meeting *t;
	ssize_t n = recv(guest->fd, (char *)&guest->g + guest->heard,
			 sizeof(guest->g) - guest->heard, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0)
		guest->heard += n;
	if (n > 0 && guest->heard < sizeof(guest->g))
		return true;
	t = n > 0 ? tcp_rendezvous_expected(s, &guest->g) : NULL;
	if (!t) {
		tcp_rendezvous_drop(&guest->fd);
		return false;
	}
	/* The latest is the one that the other end knows of. */
	tcp_rendezvous_leave(t);
	t->fd = guest->fd;
	t->done = t->shut = false;
	cr_inet_options_restore(t->fd, t->k->m, CR_INET_BEFORE);
	t->heard = sizeof(t->other);
	if (!tcp_rendezvous_take_greeting(t, &guest->g))
		tcp_rendezvous_leave(t);
	s->moved = cr_now_ns(CLOCK_MONOTONIC);
	return false;
}

static void hear_guests(struct meet *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->guests.n; i++)
		if (hear_guest(s, &s->guests.v[i]))
			s->guests.v[n++] = s->guests.v[i];
	s->guests.n = n;
}

static int accept_guests(struct meet *s, int gate)
{
	struct guest *guest;
	int fd;

	while ((fd = accept4(gate, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (s->guests.n == GUESTS) {
			tcp_rendezvous_drop(&s->guests.v[0].fd);
			s->guests.v[0] = s->guests.v[--s->guests.n];
		}
		guest = cr_list_add(&s->guests);
		if (!guest) {
			close(fd);
			return -ENOMEM;
		}
		memset(guest, 0, sizeof(*guest));
		guest->fd = fd;
	}
	return 0;
}

/* ---- talking ---- */

/* Bytes that were sent, 0 if none could be, -1: it is broken. */
static ssize_t tcp_rendezvous_say(struct meeting *t, const void *data, size_t len, int flags)
{
	ssize_t n = send(t->fd, data, len, flags | MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		return 0;
	return n;
}

static bool tcp_rendezvous_go_on(struct meet *s, size_t *at, ssize_t n)
{
	if (n <= 0)
		return !n;
	*at += n;
	s->moved = cr_now_ns(CLOCK_MONOTONIC);
	return true;
}

static bool tcp_rendezvous_hear(struct meet *s, struct meeting *t, void *to, size_t *at, size_t len)
{
	ssize_t n = recv(t->fd, (char *)to + *at, len - *at, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	return n > 0 && tcp_rendezvous_go_on(s, at, n);
}

/* How much goes back: an urgent byte that is not in the stream has no place among the others. */
static size_t gift_size(const struct meeting *t)
{
	return t->other.len + (t->other.urgent && !t->other.inlined);
}

static ssize_t tcp_rendezvous_give(struct meeting *t)
{
	size_t at = t->other.urgent ? t->other.urgent_at : t->other.len, skipped = 0;

	if (t->given < at)
		return tcp_rendezvous_say(t, t->gift + t->given, at - t->given, 0);
	if (t->given == at && t->other.urgent)
		return tcp_rendezvous_say(
			t, t->other.inlined ? t->gift + at : (char *)&t->other.byte, 1, MSG_OOB);
	if (t->other.urgent && !t->other.inlined)
		skipped = 1;
	return tcp_rendezvous_say(t, t->gift + t->given - skipped,
				  t->other.len - (t->given - skipped), 0);
}

static bool wants_to_say(const struct meeting *t)
{
	return !t->up || t->greeted < sizeof(t->mine) || (t->known && t->sent < t->mine.len) ||
	       (t->known && t->got == t->other.len && t->given < gift_size(t));
}

static bool wants_to_hear(const struct meeting *t)
{
	return t->up && (t->heard < sizeof(t->other) || t->got < t->other.len);
}

/* False: it has to be made again. */
static bool talk(struct meet *s, struct meeting *t)
{
	struct tcp_info info;
	bool ok = true;

	if (!t->up) {
		socklen_t len = sizeof(info);

		if (cr_socket_get(t->fd, SOL_SOCKET, SO_ERROR) ||
		    getsockopt(t->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
			return false;
		t->up = info.tcpi_state != CR_TCP_SYN_SENT;
		if (!t->up)
			return true;
	}
	if (t->greeted < sizeof(t->mine))
		ok = tcp_rendezvous_go_on(s, &t->greeted,
					  tcp_rendezvous_say(t, (char *)&t->mine + t->greeted,
							     sizeof(t->mine) - t->greeted, 0));
	if (ok && t->heard < sizeof(t->other))
		ok = tcp_rendezvous_hear(s, t, &t->other, &t->heard, sizeof(t->other));
	if (ok && !t->known && t->heard == sizeof(t->other)) {
		struct greeting g = t->other;

		ok = !memcmp(&g.secret, &s->secret, sizeof(g.secret)) && g.id == t->k->m->id &&
		     g.from == t->mine.member && tcp_rendezvous_take_greeting(t, &g);
	}
	if (!ok || !t->known || t->greeted < sizeof(t->mine))
		return ok;
	if (t->sent < t->mine.len)
		ok = tcp_rendezvous_go_on(s, &t->sent,
					  tcp_rendezvous_say(t, t->data + t->sent,
							     t->mine.len - t->sent, 0));
	if (ok && t->got < t->other.len)
		ok = tcp_rendezvous_hear(s, t, t->gift, &t->got, t->other.len);
	if (ok && t->sent == t->mine.len && t->got == t->other.len && t->given < gift_size(t))
		ok = tcp_rendezvous_go_on(s, &t->given, tcp_rendezvous_give(t));
	return ok;
}

/* As it was, when all that was unread is there again and both have closed as far as they had. */
static bool is_done(struct meeting *t)
{
	const cairn_InetSocket *m = t->k->m;
	struct tcp_info info;
	socklen_t len = sizeof(info);
	bool behind = t->mine.fin == 2 && t->other.fin == 1;
	char byte;

	if (!t->known || t->sent < t->mine.len || t->got < t->other.len ||
	    t->given < gift_size(t) || getsockopt(t->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return false;
	if (t->mine.fin && !t->shut && (!behind || cr_tcp_has_fin(info.tcpi_state))) {
		shutdown(t->fd, SHUT_WR);
		t->shut = true;
	}
	if (info.tcpi_bytes_received < sizeof(t->other) + t->other.len + t->mine.len +
					       (m->urgent && !t->mine.inlined) ||
	    (t->other.fin && !cr_tcp_has_fin(info.tcpi_state)) || (t->mine.fin && !t->shut)) {
		cr_tcp_tell_window(t->fd);
		return false;
	}
	if (m->urgent && m->urgent_read && !t->mine.inlined)
		recv(t->fd, &byte, 1, MSG_OOB | MSG_DONTWAIT);
	if (m->shut_read)
		shutdown(t->fd, SHUT_RD);
	return true;
}

/* ---- all at once ---- */

static int tcp_rendezvous_watch(struct meet *s, int fd, short events)
{
	struct pollfd *p = cr_list_add(&s->poll);

	if (!p)
		return -ENOMEM;
	*p = (struct pollfd){ .fd = fd, .events = events };
	return 0;
}

static int wait_a_while(struct meet *s, int timeout)
{
	size_t i;
	int ret = 0;

	s->poll.n = 0;
	for (i = 0; i < s->w->gates.n && !ret; i++)
		ret = tcp_rendezvous_watch(s, s->w->gates.v[i].fd, POLLIN);
	for (i = 0; i < s->guests.n && !ret; i++)
		ret = tcp_rendezvous_watch(s, s->guests.v[i].fd, POLLIN);
	for (i = 0; i < s->meetings.n && !ret; i++) {
		const struct meeting *t = &s->meetings.v[i];
		short events = 0;

		if (t->fd < 0 || t->done)
			continue;
		if (wants_to_say(t))
			events |= POLLOUT;
		if (wants_to_hear(t))
			events |= POLLIN;
		if (events)
			ret = tcp_rendezvous_watch(s, t->fd, events);
	}
	if (!ret)
		poll(s->poll.v, s->poll.n, timeout);
	return ret;
}

static int tcp_rendezvous_step(struct meet *s, struct meeting *t, struct cr_err *err)
{
	bool accepted = t->k->m->accepted;
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	if (t->fd < 0)
		return accepted ? 0 : come(s, t, err);
	if (!talk(s, t) || (!accepted && !t->up && now - t->since > ATTEMPT_NS))
		tcp_rendezvous_leave(t);
	if (t->fd >= 0 && is_done(t)) {
		t->done = true;
		s->moved = now;
	}
	return 0;
}

static int tcp_rendezvous_lost(const struct meet *s, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < s->meetings.n; i++) {
		const struct meeting *t = &s->meetings.v[i];
		char a[CR_INET_TEXT], b[CR_INET_TEXT];

		if (t->done)
			continue;
		return cr_fail(err, CR_EXIT_CHANGED, 0,
			       "the TCP connection with member %u of the job (%s, %s) cannot be "
			       "made again: %s",
			       t->mine.member, cr_inet_text(&t->k->local, a),
			       cr_inet_text(&t->gate, b),
			       t->known ? "its data does not come through (raise "
					  "net.core.rmem_max and net.core.wmem_max)" :
					  "can the nodes reach each other at any port?");
	}
	return 0;
}

static int tcp_rendezvous_run(struct meet *s, struct cr_err *err)
{
	struct cr_gather *g = s->w->places->gather;
	size_t i, open;
	int ret = 0, pause = 1;

	s->moved = cr_now_ns(CLOCK_MONOTONIC);
	for (;;) {
		int64_t before = s->moved;

		for (i = 0; i < s->w->gates.n && !ret; i++)
			ret = accept_guests(s, s->w->gates.v[i].fd);
		hear_guests(s);
		open = 0;
		for (i = 0; i < s->meetings.n && !ret; i++) {
			if (!s->meetings.v[i].done)
				ret = tcp_rendezvous_step(s, &s->meetings.v[i], err);
			open += !s->meetings.v[i].done;
		}
		if (ret || !open)
			return ret;
		if (cr_now_ns(CLOCK_MONOTONIC) - s->moved > PATIENCE_NS)
			return tcp_rendezvous_lost(s, err);
		if (g->check && g->check(g, err))
			return -ECANCELED;
		pause = before != s->moved ? 1 : pause < 8 ? pause * 2 : pause;
		ret = wait_a_while(s, pause);
	}
}

static void tcp_rendezvous_end(struct meet *s, bool ok)
{
	size_t i;

	for (i = 0; i < s->guests.n; i++)
		tcp_rendezvous_drop(&s->guests.v[i].fd);
	for (i = 0; i < s->meetings.n; i++) {
		struct meeting *t = &s->meetings.v[i];

		if (ok) {
			socklen_t len = sizeof(t->k->local);

			t->k->fd = t->fd;
			getsockname(t->fd, &t->k->local.any, &len);
		} else {
			cr_close_fd(&t->fd);
		}
		free(t->data);
		free(t->gift);
	}
	free(s->meetings.v);
	free(s->guests.v);
	free(s->poll.v);
}

int cr_tcp_rendezvous(struct cr_tcp_work *w, struct cr_err *err)
{
	struct meet s = { .w = w };
	struct cr_gathered g = { 0 };
	size_t i;
	int ret;

	ret = getrandom(&s.secret, sizeof(s.secret), 0) == sizeof(s.secret) ? 0 : -EIO;
	for (i = 0; i < w->gates.n; i++)
		fcntl(w->gates.v[i].fd, F_SETFL, O_RDWR | O_NONBLOCK);
	if (!ret)
		ret = tcp_rendezvous_prepare(&s, err);
	if (!ret)
		ret = tell_gates(&s, &g, err);
	if (!ret)
		ret = read_gates(&s, &g, err);
	cr_gathered_free(&g);
	if (!ret)
		ret = tcp_rendezvous_run(&s, err);
	tcp_rendezvous_end(&s, !ret);
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "meeting the job's other members") : 0;
}
