// SPDX-License-Identifier: Apache-2.0
//
// Who connects to this store. Each gets a thread; who has not proved himself soon is cut off, and
// of such there are never more than some, whoever comes: when there is no room those go who have
// had a moment to speak, and until then the others wait in the kernel.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "net/users.h"
#include "store/store_accept.h"
#include "store/conn.h"
#include "store/receive.h"
#include "store/work.h"

#define INCOMING 256
#define PROVE_NS (10 * 1000000000ll)
#define MOMENT_NS 250000000ll
/* While there is no room: until the next look. */
#define PAUSE_US 50000
#define BACKLOG 4096

/* ---- who brings what ---- */

static bool brings(const struct cr_incoming *in, uint64_t job, uint32_t member, uint32_t number)
{
	return in->key.number && in->key.job == job && in->key.member == member &&
	       (!number || in->key.number == number);
}

/* With the lock held. */
static struct cr_incoming *store_accept_find(struct cr_store *s, const struct cr_incoming *but,
					     uint64_t job, uint32_t member, uint32_t number)
{
	struct cr_incoming *in;

	for (in = s->incoming; in; in = in->next)
		if (in != but && brings(in, job, member, number))
			return in;
	return NULL;
}

int cr_incoming_claim(struct cr_incoming *in, const struct cr_image_key *key, const char *node)
{
	struct cr_store *s = in->store;
	struct cr_incoming *other;
	int ret = 0;

	pthread_mutex_lock(&s->lock);
	while ((other = store_accept_find(s, in, key->job, key->member, key->number)) && !ret) {
		/* Of the same node: the connection that it had is dead, even if we do not know. */
		if (strcmp(other->node, node) || in->dropped || s->closing)
			ret = -EBUSY;
		else {
			shutdown(other->fd, SHUT_RDWR);
			pthread_cond_wait(&s->changed, &s->lock);
		}
	}
	if (!ret) {
		in->key = *key;
		snprintf(in->node, sizeof(in->node), "%s", node);
	}
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void cr_incoming_drop(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	struct cr_incoming *in;

	pthread_mutex_lock(&s->lock);
	while ((in = store_accept_find(s, NULL, job, member, number))) {
		in->dropped = true;
		shutdown(in->fd, SHUT_RDWR);
		pthread_cond_wait(&s->changed, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
}

bool cr_incoming_has(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	bool has;

	pthread_mutex_lock(&s->lock);
	has = store_accept_find(s, NULL, job, member, number);
	pthread_mutex_unlock(&s->lock);
	return has;
}

/* ---- the thread ---- */

static void store_accept_serve(struct cr_store *s, void *arg)
{
	struct cr_incoming *in = arg, **at;
	struct cr_err err = { 0 };
	struct cr_conn c;
	int ret = cr_conn_open(&c, in->fd, s->o.trust, true, &err);

	pthread_mutex_lock(&s->lock);
	in->proved = true;
	s->unproved--;
	pthread_mutex_unlock(&s->lock);
	if (!ret)
		cr_receive(in, &c);
	pthread_mutex_lock(&s->lock);
	for (at = &s->incoming; *at != in; at = &(*at)->next)
		;
	*at = in->next;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	cr_conn_close(&c);
	free(in);
}

/* ---- the loop's side ---- */

/* With the lock held: cuts off who takes too long, or has had his moment while others wait. */
static void cut_off(struct cr_store *s, bool others_wait)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);
	struct cr_incoming *in;

	for (in = s->incoming; in; in = in->next)
		if (!in->proved &&
		    now - in->since_ns > (others_wait ? MOMENT_NS : PROVE_NS))
			shutdown(in->fd, SHUT_RDWR);
}

static void store_accept_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct cr_store *s = arg;

	pthread_mutex_lock(&s->lock);
	cut_off(s, false);
	pthread_mutex_unlock(&s->lock);
}

/* Whoever is cut off is gone a little later, when his thread is. */
static bool has_room(struct cr_store *s)
{
	unsigned int proved = 0;
	bool room;

	pthread_mutex_lock(&s->lock);
	for (struct cr_incoming *i = s->incoming; i; i = i->next)
		proved += i->proved;
	room = s->unproved < s->unproved_most && proved < INCOMING;
	if (!room)
		cut_off(s, true);
	pthread_mutex_unlock(&s->lock);
	return room;
}

static void store_accept_on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct cr_store *s = arg;

	event_add(s->accept_event, NULL);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct timeval pause = { 0, PAUSE_US };
	struct cr_store *s = arg;
	struct cr_incoming *in;
	int fd;

	if (!has_room(s)) {
		event_del(s->accept_event);
		evtimer_add(s->pause, &pause);
		return;
	}
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	in = calloc(1, sizeof(*in));
	if (!in) {
		close(fd);
		return;
	}
	in->store = s;
	in->fd = fd;
	in->since_ns = cr_now_ns(CLOCK_MONOTONIC);
	pthread_mutex_lock(&s->lock);
	in->next = s->incoming;
	s->incoming = in;
	s->unproved++;
	pthread_mutex_unlock(&s->lock);
	if (!cr_store_thread(s, store_accept_serve, in))
		return;
	pthread_mutex_lock(&s->lock);
	s->incoming = in->next;
	s->unproved--;
	pthread_mutex_unlock(&s->lock);
	close(fd);
	free(in);
}

int cr_store_listen(struct cr_store *s, const struct sockaddr *at, socklen_t len,
		    struct cr_err *err)
{
	struct timeval second = { 1, 0 };
	struct sockaddr_storage got;
	socklen_t got_len = sizeof(got);
	char text[CR_ADDRESS_TEXT];
	int on = 1;

	s->unproved_most = cr_unproved_most(CR_UNPROVED_MAX);
	if (!s->o.trust)
		return cr_fail(err, CR_EXIT_TRUST, EACCES,
			       "a store takes images only from those who have the cluster's key");
	s->listener = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener >= 0)
		setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (s->listener < 0 || bind(s->listener, at, len) || listen(s->listener, BACKLOG) ||
	    getsockname(s->listener, (struct sockaddr *)&got, &got_len))
		return cr_fail(err, CR_EXIT_CLUSTER, errno, "cannot take images at %s",
			       cr_address_text(at, text));
	s->port = ntohs(got.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&got)->sin6_port :
						    ((struct sockaddr_in *)&got)->sin_port);
	s->accept_event = event_new(s->o.base, s->listener, EV_READ | EV_PERSIST, on_accept, s);
	s->tick = event_new(s->o.base, -1, EV_PERSIST, store_accept_on_tick, s);
	s->pause = evtimer_new(s->o.base, store_accept_on_pause_over, s);
	if (!s->accept_event || !s->tick || !s->pause || event_add(s->accept_event, NULL) ||
	    event_add(s->tick, &second))
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "store");
	return 0;
}

unsigned int cr_store_port(const struct cr_store *s)
{
	return s->port;
}

void cr_listen_free(struct cr_store *s)
{
	struct cr_incoming *in;

	if (s->accept_event)
		event_free(s->accept_event);
	if (s->tick)
		event_free(s->tick);
	if (s->pause)
		event_free(s->pause);
	cr_close_fd(&s->listener);
	pthread_mutex_lock(&s->lock);
	for (in = s->incoming; in; in = in->next)
		shutdown(in->fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
}
