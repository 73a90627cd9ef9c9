// SPDX-License-Identifier: Apache-2.0
//
// Looking for damage: what is asked for at once, and in between all images, one after the other, so
// slowly that nobody is disturbed. A damaged image gets a mark beside it and is told of; it is not
// removed. What came from another node and was never finished is removed here when nobody has gone
// on with it for a while.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/err.h"
#include "common/image.h"
#include "store/store_accept.h"
#include "store/scrub.h"
#include "store/store_verify.h"
#include "store/work.h"

#define ROUND_NS (3600 * 1000000000ll) /* from the beginning of one round to the next */
#define LEFT_NS (900 * 1000000000ll) /* a part that nobody goes on with */
#define SLEEP_NS (60 * 1000000000ll)
#define BYTES_AT_ONCE (4 << 20)

/* A part that was seen, and since when it has not changed. */
struct seen {
	struct cr_image_key key;
	int64_t changed_ns, since_ns;
	uint64_t round;
};

struct scrub {
	struct cr_store *s;
	CR_LIST(struct seen) seen;
	uint64_t round;
	bool all; /* also read images, not only look after parts */
	bool stopped; /* before the end of the round: something else was asked for */
	size_t since; /* bytes since we slept */
};

static int pace(void *arg, size_t bytes)
{
	struct scrub *sc = arg;

	sc->since += bytes;
	if (sc->since >= BYTES_AT_ONCE) {
		cr_store_sleep(sc->s, sc->since * 1e9 / sc->s->o.scrub);
		sc->since = 0;
		pthread_mutex_lock(&sc->s->lock);
		sc->stopped = sc->s->checks.first;
		pthread_mutex_unlock(&sc->s->lock);
	}
	return sc->s->closing || sc->stopped ? -ECANCELED : 0;
}

static int scrub_stop_if_closing(void *arg, size_t bytes)
{
	return ((struct cr_store *)arg)->closing ? -ECANCELED : 0;
}

/* Tells of damage, and (always) of an image that is whole. */
static void scrub_check(struct cr_store *s, const struct cr_image_key *key,
			const struct cr_place *p, const struct cr_check *c, bool always)
{
	struct cr_err err = { 0 };
	uint64_t bytes;
	cairn_HoldingState state;
	int ret = cr_image_check(p, CR_FORM_COMPLETE, key->number, c, &err);

	if (ret == -ECANCELED)
		return;
	/* It may have been dropped while we read. */
	state = cr_image_look(p, key->number, &bytes, NULL);
	if (state == cairn_HoldingState_HOLDING_GONE) {
		if (always)
			cr_store_tell(s, key, p, state, 0, err.text);
		return;
	}
	if (ret && err.status == CR_EXIT_DAMAGED) {
		if (always || !cr_image_marked(p, key->number)) {
			cr_image_mark(p, key->number, true);
			cr_store_tell(s, key, p, cairn_HoldingState_HOLDING_DAMAGED, bytes,
				      err.text);
		}
		return;
	}
	if (!ret && cr_image_marked(p, key->number)) {
		cr_image_mark(p, key->number, false);
		always = true;
	}
	if (always)
		cr_store_tell(s, key, p, ret ? state : cairn_HoldingState_HOLDING_COMPLETE, bytes,
			      err.text);
}

void cr_check_one(struct cr_store *s, const struct cr_image_key *key)
{
	struct cr_check c = { .fresh = true, .pace = scrub_stop_if_closing, .arg = s };
	struct cr_err err = { 0 };
	struct cr_place p;

	if (cr_place_open(s, key->job, key->member, &p, &err)) {
		cr_store_tell(s, key, NULL, cairn_HoldingState_HOLDING_GONE, 0, err.text);
		return;
	}
	scrub_check(s, key, &p, &c, true);
	cr_place_close(&p);
}

/* ---- parts that nobody goes on with ---- */

static int64_t changed_ns(const struct cr_place *p, enum cr_image_form form, uint32_t number)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/" CR_PACK, cr_form_name(form, number).text);
	if (fstatat(p->dir, path, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	return st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec;
}

static void look_at_part(struct scrub *sc, const struct cr_image_key *key, struct cr_place *p)
{
	int64_t now = cr_now_ns(CLOCK_BOOTTIME), changed;
	struct seen *x = NULL;
	size_t i;

	changed = changed_ns(p, CR_FORM_PART, key->number);
	for (i = 0; i < sc->seen.n && !x; i++)
		if (!memcmp(&sc->seen.v[i].key, key, sizeof(*key)))
			x = &sc->seen.v[i];
	if (!x) {
		x = cr_list_add(&sc->seen);
		if (!x)
			return;
		x->key = *key;
		x->since_ns = now;
		x->changed_ns = changed;
	}
	x->round = sc->round;
	/* Another node with the same folder may be at it: then it changes. */
	if (x->changed_ns != changed || cr_incoming_has(sc->s, key->job, key->member, key->number))
		x->since_ns = now;
	x->changed_ns = changed;
	if (now - x->since_ns < LEFT_NS)
		return;
	cr_image_remove(p, CR_FORM_PART, key->number);
	cr_store_tell(sc->s, key, p, cairn_HoldingState_HOLDING_GONE, 0,
		      "it was never finished, and nobody has gone on with it");
}

static void scrub_forget(struct scrub *sc)
{
	size_t i, n = 0;

	for (i = 0; i < sc->seen.n; i++)
		if (sc->seen.v[i].round == sc->round)
			sc->seen.v[n++] = sc->seen.v[i];
	sc->seen.n = n;
}

/* ---- rounds ---- */

/* What was asked for goes before. */
static void do_asked(struct cr_store *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->closing && cr_store_do(s, &s->checks))
		;
	pthread_mutex_unlock(&s->lock);
}

static bool scrub_visit(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
			void *arg)
{
	struct scrub *sc = arg;
	struct cr_check c = { .fresh = true, .pace = pace, .arg = sc };
	cr_form_list list;
	size_t i;

	cr_place_list(p, &list);
	for (i = 0; i < list.n && !s->closing && !sc->stopped; i++) {
		struct cr_image_key key = { job, member, list.v[i].number };

		if (list.v[i].form == CR_FORM_PART)
			look_at_part(sc, &key, p);
		else if (list.v[i].form == CR_FORM_COMPLETE && sc->all)
			scrub_check(s, &key, p, &c, false);
	}
	free(list.v);
	return sc->stopped;
}

/* Until something is asked for, for a while. */
static void wait_for_work(struct cr_store *s)
{
	int64_t until = cr_now_ns(CLOCK_MONOTONIC) + SLEEP_NS;
	struct timespec t = { until / 1000000000, until % 1000000000 };

	pthread_mutex_lock(&s->lock);
	if (!s->closing && !s->checks.first)
		pthread_cond_timedwait(&s->checks.cond, &s->lock, &t);
	pthread_mutex_unlock(&s->lock);
}

void cr_scrub(struct cr_store *s, void *unused)
{
	struct scrub sc = { .s = s };
	int64_t next = cr_now_ns(CLOCK_BOOTTIME) + SLEEP_NS;

	while (!s->closing) {
		wait_for_work(s);
		do_asked(s);
		sc.all = s->o.scrub && cr_now_ns(CLOCK_BOOTTIME) >= next;
		if (sc.all)
			next = cr_now_ns(CLOCK_BOOTTIME) + ROUND_NS;
		sc.round++;
		sc.stopped = false;
		cr_place_each(s, scrub_visit, &sc);
		if (sc.stopped)
			next = 0;
		else
			scrub_forget(&sc);
	}
	free(sc.seen.v);
}
