// SPDX-License-Identifier: Apache-2.0
//
// How the store works: threads, chores in their order, the pace of what is sent, and reports. A
// thread never calls the owner: it leaves a report and wakes the loop.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/io.h"
#include "store/place.h"
#include "store/work.h"

struct start {
	struct cr_store *s;
	void (*fn)(struct cr_store *s, void *arg);
	void *arg;
};

static void *work_run(void *arg)
{
	struct start at = *(struct start *)arg;

	free(arg);
	/* Root's groups are not the users'. The bare call: libc's would change all threads. */
	if (at.s->root)
		syscall(SYS_setgroups, 0, NULL);
	at.fn(at.s, at.arg);
	pthread_mutex_lock(&at.s->lock);
	at.s->threads--;
	pthread_cond_broadcast(&at.s->changed);
	pthread_mutex_unlock(&at.s->lock);
	return NULL;
}

int cr_store_thread(struct cr_store *s, void (*fn)(struct cr_store *s, void *arg), void *arg)
{
	struct start *at = malloc(sizeof(*at));
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;
	int ret;

	if (!at)
		return -ENOMEM;
	*at = (struct start){ s, fn, arg };
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&s->lock);
	ret = pthread_create(&t, &attr, work_run, at);
	s->threads += !ret;
	pthread_mutex_unlock(&s->lock);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		free(at);
	return -ret;
}

void cr_store_chore(struct cr_store *s, struct cr_chores *c,
		    void (*fn)(struct cr_store *s, const struct cr_image_key *key),
		    struct cr_image_key key)
{
	struct cr_chore *chore = malloc(sizeof(*chore));

	if (!chore)
		return;
	*chore = (struct cr_chore){ .run = fn, .key = key };
	pthread_mutex_lock(&s->lock);
	*c->last = chore;
	c->last = &chore->next;
	pthread_cond_signal(&c->cond);
	pthread_mutex_unlock(&s->lock);
}

bool cr_store_do(struct cr_store *s, struct cr_chores *c)
{
	struct cr_chore *chore = c->first;

	if (!chore)
		return false;
	c->first = chore->next;
	if (!c->first)
		c->last = &c->first;
	pthread_mutex_unlock(&s->lock);
	chore->run(s, &chore->key);
	free(chore);
	pthread_mutex_lock(&s->lock);
	return true;
}

bool cr_store_sleep(struct cr_store *s, int64_t ns)
{
	int64_t until = cr_now_ns(CLOCK_MONOTONIC) + ns;
	struct timespec t = { until / 1000000000, until % 1000000000 };

	pthread_mutex_lock(&s->lock);
	while (!s->closing && cr_now_ns(CLOCK_MONOTONIC) < until)
		pthread_cond_timedwait(&s->changed, &s->lock, &t);
	pthread_mutex_unlock(&s->lock);
	return !s->closing;
}

bool cr_store_pace(struct cr_store *s, size_t bytes)
{
	int64_t now, at;

	if (!s->o.rate)
		return !s->closing;
	pthread_mutex_lock(&s->lock);
	now = cr_now_ns(CLOCK_MONOTONIC);
	at = s->rate_ns > now ? s->rate_ns : now;
	s->rate_ns = at + (int64_t)(bytes * 1e9 / s->o.rate);
	pthread_mutex_unlock(&s->lock);
	return at > now ? cr_store_sleep(s, at - now) : !s->closing;
}

void cr_store_tell(struct cr_store *s, const struct cr_image_key *key, const struct cr_place *p,
		   cairn_HoldingState state, uint64_t bytes, const char *error)
{
	struct cr_report *r = calloc(1, sizeof(*r));
	uint64_t one = 1;

	if (!r)
		return;
	r->holding.end = !key;
	if (key) {
		r->holding.job = key->job;
		r->holding.member = key->member;
		r->holding.number = key->number;
	}
	r->holding.state = state;
	r->holding.bytes = bytes;
	if (p) {
		r->holding.uid = p->uid;
		snprintf(r->holding.name, sizeof(r->holding.name), "%s", p->name);
	}
	if (error)
		snprintf(r->holding.error, sizeof(r->holding.error), "%s", error);
	pthread_mutex_lock(&s->lock);
	*s->last_report = r;
	s->last_report = &r->next;
	pthread_mutex_unlock(&s->lock);
	if (write(s->wake, &one, sizeof(one)) < 0)
		return; /* it is awake */
}
