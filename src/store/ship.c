// SPDX-License-Identifier: Apache-2.0
//
// Which images go to which nodes. Each copy on its way is a shipment with a thread, which connects,
// sends (send.c), and begins again when the connection breaks. What the loop is told of an image
// that is being written goes into the shipment's list; should it be told of none, the thread sees
// on the disk what has become of the image.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/err.h"
#include "store/chores.h"
#include "store/conn.h"
#include "store/place.h"
#include "store/send.h"
#include "store/ship.h"
#include "store/work.h"

#define GIVE_UP_NS (60 * 1000000000ll)
#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 5000
#define CONNECT_MS 5000

/* ---- the thread ---- */

/* Waits for a while, or until something has changed. */
static void rest(struct cr_shipment *sh, unsigned int ms)
{
	struct pollfd p = { .fd = sh->wake, .events = POLLIN };
	uint64_t n;

	if (poll(&p, 1, ms) > 0 && read(sh->wake, &n, sizeof(n)) < 0)
		return;
}

static int ship_connect_to(const cairn_Ship *to, struct cr_err *err)
{
	char text[CR_ADDRESS_TEXT];
	struct sockaddr_storage at;
	struct timeval t = { CONNECT_MS / 1000, 0 };
	socklen_t len;
	int fd, ret;

	snprintf(text, sizeof(text), strchr(to->address, ':') ? "[%s]:%u" : "%s:%u", to->address,
		 to->port);
	ret = cr_address_parse(text, &at, &len, err);
	if (ret)
		return ret;
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Bounds connect() too. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	if (!connect(fd, (struct sockaddr *)&at, len))
		return fd;
	ret = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
	close(fd);
	return cr_fail(err, CR_EXIT_CLUSTER, -ret, "cannot reach the store of %s at %s", to->node,
		       text);
}

/* Makes it known by which descriptor the connection may be broken off. */
static bool ship_publish(struct cr_shipment *sh, int fd)
{
	bool ok;

	pthread_mutex_lock(&sh->store->lock);
	ok = !sh->cancelled && !sh->store->closing;
	sh->fd = ok ? fd : -1;
	pthread_mutex_unlock(&sh->store->lock);
	return ok;
}

static bool is_cancelled(struct cr_shipment *sh)
{
	bool is;

	pthread_mutex_lock(&sh->store->lock);
	is = sh->cancelled || sh->store->closing;
	pthread_mutex_unlock(&sh->store->lock);
	return is;
}

static bool is_gone(struct cr_shipment *sh)
{
	bool is;

	pthread_mutex_lock(&sh->store->lock);
	is = sh->gone;
	pthread_mutex_unlock(&sh->store->lock);
	return is;
}

static enum cr_sent attempt(struct cr_shipment *sh, struct cr_place *p, struct cr_err *err)
{
	enum cr_sent ret = CR_SENT_BROKEN;
	struct cr_conn c;
	cairn_Ship to;
	int fd;

	pthread_mutex_lock(&sh->store->lock);
	to = sh->to;
	pthread_mutex_unlock(&sh->store->lock);
	fd = ship_connect_to(&to, err);
	if (fd < 0)
		return CR_SENT_BROKEN;
	if (!ship_publish(sh, fd)) {
		close(fd);
		return CR_SENT_BROKEN;
	}
	if (!cr_conn_open(&c, fd, sh->store->o.trust, false, err))
		ret = cr_send(sh, &c, p, err);
	pthread_mutex_lock(&sh->store->lock);
	sh->fd = -1;
	pthread_mutex_unlock(&sh->store->lock);
	cr_conn_close(&c);
	return ret;
}

/* What became of it, for those who want to know. */
static void ship_tell(struct cr_shipment *sh, const struct cr_place *p, enum cr_sent sent,
		      const struct cr_err *err)
{
	cairn_HoldingState state;
	char text[600];
	uint64_t bytes;

	if (sent == CR_SENT || sent == CR_SENT_GONE)
		return;
	if (sent == CR_SENT_DAMAGED)
		cr_image_mark(p, sh->key.number, true);
	state = cr_image_look(p, sh->key.number, &bytes, NULL);
	if (sent == CR_SENT_DAMAGED)
		snprintf(text, sizeof(text), "%.500s", err->text);
	else
		snprintf(text, sizeof(text), "not shipped to %s: %.500s", sh->to.node, err->text);
	cr_store_tell(sh->store, &sh->key, p, state, bytes, text);
}

/* One try. BROKEN: to be made again. */
static enum cr_sent ship_try(struct cr_shipment *sh)
{
	bool late = cr_now_ns(CLOCK_BOOTTIME) - sh->moved_ns > GIVE_UP_NS;
	struct cr_err err = { 0 };
	struct cr_place p;
	enum cr_sent sent;
	int ret = cr_place_open(sh->store, sh->key.job, sh->key.member, &p, &err);

	/* The first checkpoint may still be to come. */
	if (ret == -ENOENT)
		return late ? CR_SENT_GONE : CR_SENT_BROKEN;
	sent = ret ? CR_SENT_REFUSED : attempt(sh, &p, &err);
	if (sent == CR_SENT_BROKEN && cr_now_ns(CLOCK_BOOTTIME) - sh->moved_ns > GIVE_UP_NS)
		sent = CR_SENT_REFUSED;
	if (sent != CR_SENT_BROKEN && !is_cancelled(sh))
		ship_tell(sh, &p, sent, &err);
	if (p.dir >= 0)
		cr_place_close(&p);
	return sent;
}

static void ship(struct cr_shipment *sh)
{
	unsigned int delay = RETRY_FIRST_MS;

	while (!is_cancelled(sh)) {
		int64_t before = sh->moved_ns;

		if (ship_try(sh) != CR_SENT_BROKEN || is_gone(sh))
			return;
		delay = sh->moved_ns != before ? RETRY_FIRST_MS : delay;
		rest(sh, delay);
		delay = delay * 2 < RETRY_MAX_MS ? delay * 2 : RETRY_MAX_MS;
	}
}

static void ship_run(struct cr_store *s, void *arg)
{
	struct cr_shipment *sh = arg, **at;

	ship(sh);
	pthread_mutex_lock(&s->lock);
	for (at = &s->shipments; *at != sh; at = &(*at)->next)
		;
	*at = sh->next;
	pthread_mutex_unlock(&s->lock);
	close(sh->wake);
	free(sh->told.v);
	free(sh);
}

/* ---- the loop's side ---- */

static void ship_wake(struct cr_shipment *sh)
{
	uint64_t one = 1;

	if (write(sh->wake, &one, sizeof(one)) < 0)
		return; /* it is awake */
}

static bool ship_is_of(const struct cr_image_key *k, uint64_t job, int64_t member, uint32_t number)
{
	return k->job == job && (member < 0 || k->member == member) &&
	       (!number || k->number == number);
}

/* With the lock held: ends it, connected or not. */
static void cancel(struct cr_shipment *sh)
{
	sh->cancelled = true;
	if (sh->fd >= 0)
		shutdown(sh->fd, SHUT_RDWR);
	ship_wake(sh);
}

static void ship_begin(struct cr_store *s, const cairn_Ship *to, uint32_t number)
{
	struct cr_image_key key = { to->job, to->member, number };
	struct cr_shipment *sh;

	pthread_mutex_lock(&s->lock);
	for (sh = s->shipments; sh; sh = sh->next)
		if (ship_is_of(&sh->key, key.job, key.member, number) && !sh->cancelled &&
		    !strcmp(sh->to.node, to->node))
			break;
	/* It may have come back at another address. */
	if (sh)
		sh->to = *to;
	pthread_mutex_unlock(&s->lock);
	if (sh || !s->o.trust)
		return;
	sh = calloc(1, sizeof(*sh));
	if (!sh)
		return;
	sh->store = s;
	sh->key = key;
	sh->to = *to;
	sh->fd = -1;
	sh->moved_ns = cr_now_ns(CLOCK_BOOTTIME);
	sh->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_lock(&s->lock);
	sh->next = s->shipments;
	s->shipments = sh;
	pthread_mutex_unlock(&s->lock);
	if (sh->wake >= 0 && !cr_store_thread(s, ship_run, sh))
		return;
	pthread_mutex_lock(&s->lock);
	s->shipments = sh->next;
	pthread_mutex_unlock(&s->lock);
	cr_close_fd(&sh->wake);
	free(sh);
}

/* An image is there, or is going to be: to all that want each one of the member. */
static void ship_follow(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	struct cr_standing *st;

	for (st = s->standing; st; st = st->next) {
		if (st->ship.job != job || st->ship.member != member || st->latest >= number)
			continue;
		st->latest = number;
		ship_begin(s, &st->ship, number);
	}
}

static void stand(struct cr_store *s, const cairn_Ship *ship)
{
	struct cr_standing *st;

	for (st = s->standing; st; st = st->next)
		if (st->ship.job == ship->job && st->ship.member == ship->member &&
		    !strcmp(st->ship.node, ship->node))
			break;
	if (!st) {
		st = calloc(1, sizeof(*st));
		if (!st)
			return;
		st->next = s->standing;
		s->standing = st;
	}
	st->ship = *ship;
}

void cr_store_ship(struct cr_store *s, const cairn_Ship *to)
{
	if (to->number)
		ship_begin(s, to, to->number);
	else
		stand(s, to);
}

void cr_store_unship(struct cr_store *s, uint64_t job, int64_t member, uint32_t number,
		     const char *node)
{
	struct cr_standing **at = &s->standing, *st;
	struct cr_shipment *sh;

	while ((st = *at)) {
		struct cr_image_key key = { st->ship.job, st->ship.member, 0 };

		if (!number && ship_is_of(&key, job, member, 0) &&
		    (!node || !strcmp(st->ship.node, node))) {
			*at = st->next;
			free(st);
		} else {
			at = &st->next;
		}
	}
	pthread_mutex_lock(&s->lock);
	for (sh = s->shipments; sh; sh = sh->next)
		if (ship_is_of(&sh->key, job, member, number) &&
		    (!node || !strcmp(sh->to.node, node)))
			cancel(sh);
	pthread_mutex_unlock(&s->lock);
}

void cr_store_pieces(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number,
		     const void *payload, size_t len)
{
	const struct cr_piece *p = payload;
	struct cr_shipment *sh;
	size_t i;

	ship_follow(s, job, member, number);
	pthread_mutex_lock(&s->lock);
	for (sh = s->shipments; sh; sh = sh->next) {
		if (!ship_is_of(&sh->key, job, member, number))
			continue;
		for (i = 0; i < len / sizeof(*p); i++) {
			struct cr_piece *to = cr_list_add(&sh->told);

			if (to)
				memcpy(to, &p[i], sizeof(*to));
		}
		ship_wake(sh);
	}
	pthread_mutex_unlock(&s->lock);
}

void cr_store_written(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	struct cr_shipment *sh;

	ship_follow(s, job, member, number);
	pthread_mutex_lock(&s->lock);
	for (sh = s->shipments; sh; sh = sh->next)
		if (ship_is_of(&sh->key, job, member, number))
			ship_wake(sh);
	pthread_mutex_unlock(&s->lock);
	cr_store_chore(s, &s->chores, cr_chore_written,
		       (struct cr_image_key){ job, member, number });
}

void cr_ship_gone(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	struct cr_shipment *sh;

	pthread_mutex_lock(&s->lock);
	for (sh = s->shipments; sh; sh = sh->next) {
		if (!ship_is_of(&sh->key, job, member, number))
			continue;
		sh->gone = true;
		ship_wake(sh);
	}
	pthread_mutex_unlock(&s->lock);
}

void cr_store_given_up(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number)
{
	cr_ship_gone(s, job, member, number);
}

void cr_ship_free(struct cr_store *s)
{
	struct cr_standing *st;
	struct cr_shipment *sh;

	while ((st = s->standing)) {
		s->standing = st->next;
		free(st);
	}
	pthread_mutex_lock(&s->lock);
	for (sh = s->shipments; sh; sh = sh->next)
		cancel(sh);
	pthread_mutex_unlock(&s->lock);
}
