// SPDX-License-Identifier: Apache-2.0
//
// Heartbeats of nodes in a thread that does nothing else: they are answered, and noted, however
// long the loop is busy with the database or with what users ask. A node makes a link for them
// beside its session's (Beats); the loop accepts it as any other and hands it over here.
//
// Invariants: an answer gives a lease, so before it leaves it is noted under the lock, and the loop
// takes all notes over into the fence, under the lock, before it decides that a node is lost. From
// then on, and from the end of the session on, nothing is answered any more. A length of lease that
// has to be durable is so before this thread is told of it.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/beats.h"
#include "coordinator/coordinator.h"
#include "coordinator/database.h"
#include "coordinator/session.h"
#include "net/link.h"
#include "net/link_state.h"
#include "net/urgent.h"

#define TICK_MS 100

struct co_beat {
	struct co_beat *next;
	struct co_beats *of;
	struct cr_link *link; /* the thread's; NULL: gone */
	/* Under the lock. */
	bool attached, closed;
	bool down; /* the other side has ended it */
	int64_t acked_ns; /* when the last one came that was answered */
	int64_t lease_ms;
	/* The loop's. */
	int64_t folded_ns;
};

struct co_beats {
	pthread_t thread;
	pthread_mutex_t lock;
	bool stop;
	struct co_beat *list;
	struct event_base *base;
	struct event *tick, *woken;
	int wake[2];
	cairn_ClusterMsg out;
};

/* ---- the thread ---- */

static void beats_on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
			     void *arg)
{
	const cairn_ClusterMsg *m = msg;
	struct co_beat *b = arg;
	struct co_beats *all = b->of;
	int64_t lease_ms = 0;

	if (m->which_body != cairn_ClusterMsg_heartbeat_tag)
		return;
	pthread_mutex_lock(&all->lock);
	if (!b->closed) {
		b->acked_ns = cr_now_ns(CLOCK_BOOTTIME);
		lease_ms = b->lease_ms;
	}
	pthread_mutex_unlock(&all->lock);
	if (!lease_ms)
		return;
	memset(&all->out, 0, sizeof(all->out));
	all->out.which_body = cairn_ClusterMsg_ack_tag;
	all->out.body.ack.sent_ns = m->body.heartbeat.sent_ns;
	all->out.body.ack.lease_ms = lease_ms;
	/* Whoever does not read them has no use for them. */
	if (cr_link_backlog(l) < 4096)
		cr_link_send(l, &all->out, NULL, 0);
}

static void beats_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct co_beat *b = arg;

	b->link = NULL;
	pthread_mutex_lock(&b->of->lock);
	b->down = true;
	pthread_mutex_unlock(&b->of->lock);
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.message = beats_on_message,
	.down = beats_on_down,
};

/* Takes what has come over to this loop, lets go of what has ended. Under the lock. */
static void beats_sort(struct co_beats *all)
{
	struct co_beat **p = &all->list, *b;

	while ((b = *p)) {
		if (!b->attached && !cr_link_attach(b->link, all->base, &handler, b)) {
			b->link = NULL;
			b->down = true;
		}
		b->attached = true;
		if (!b->closed && !all->stop) {
			p = &b->next;
			continue;
		}
		*p = b->next;
		if (b->link)
			cr_link_close(b->link);
		free(b);
	}
}

static void beats_on_tick(int fd, short what, void *arg)
{
	struct co_beats *all = arg;
	char bytes[64];
	bool stop;

	while (read(all->wake[0], bytes, sizeof(bytes)) > 0)
		;
	pthread_mutex_lock(&all->lock);
	stop = all->stop;
	beats_sort(all);
	pthread_mutex_unlock(&all->lock);
	if (stop)
		event_base_loopbreak(all->base);
}

static void *beats_run(void *arg)
{
	struct co_beats *all = arg;

	cr_urgent_begin();
	event_base_dispatch(all->base);
	event_base_loop(all->base, EVLOOP_NONBLOCK);
	return NULL;
}

/* ---- the loop's side ---- */

static void wake(struct co_beats *all)
{
	if (write(all->wake[1], "", 1) < 0 && errno != EAGAIN)
		cr_say("heartbeats: %s", strerror(errno));
}

static void free_all(struct co_beats *all)
{
	if (all->tick)
		event_free(all->tick);
	if (all->woken)
		event_free(all->woken);
	if (all->base)
		event_base_free(all->base);
	cr_close_fd(&all->wake[0]);
	cr_close_fd(&all->wake[1]);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

static struct co_beats *beats_start(void)
{
	struct timeval tick = { 0, TICK_MS * 1000 };
	struct co_beats *all = cr_xcalloc(1, sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	all->wake[0] = all->wake[1] = -1;
	all->base = event_base_new();
	if (all->base && !pipe2(all->wake, O_CLOEXEC | O_NONBLOCK)) {
		all->tick = event_new(all->base, -1, EV_PERSIST, beats_on_tick, all);
		all->woken = event_new(all->base, all->wake[0], EV_READ | EV_PERSIST, beats_on_tick,
				       all);
	}
	if (all->tick && all->woken && !event_add(all->tick, &tick) &&
	    !event_add(all->woken, NULL) && !cr_urgent_start(&all->thread, beats_run, all))
		return all;
	free_all(all);
	return NULL;
}

void co_beats_free(struct co *c)
{
	struct co_beats *all = c->beats;

	if (!all)
		return;
	pthread_mutex_lock(&all->lock);
	all->stop = true;
	pthread_mutex_unlock(&all->lock);
	wake(all);
	pthread_join(all->thread, NULL);
	free_all(all);
	c->beats = NULL;
}

/* Under the lock, or before the thread has it. */
static void beats_set_lease(struct co_beat *b, const struct co_node *n)
{
	int64_t ms = n->back_ms > n->c->lease_ms ? n->back_ms : n->c->lease_ms;

	if (b->lease_ms == ms)
		return;
	co_db_commit(n->c->db);
	b->lease_ms = ms;
}

/* Under the lock: what has been answered counts. */
static void fold(struct co_node *n, struct co_beat *b)
{
	int64_t at = b->acked_ns;

	if (at == b->folded_ns)
		return;
	b->folded_ns = at;
	if (!cr_fence_ack(&n->c->fence, n->index, b->lease_ms * 1000000, at)) {
		b->closed = true;
		return;
	}
	if (at - n->heard_ns > n->c->heartbeat_ms * 1500000) {
		cr_detector_heard(&n->detector, at);
		n->heard_ns = at;
	}
	if (at / 1000000 > n->beat_ms)
		n->beat_ms = at / 1000000;
	cr_fence_unbar(&n->c->fence, n->index);
}

void co_beats_end(struct co_session *s)
{
	struct co_beat *b = s->beat;

	if (!b)
		return;
	s->beat = NULL;
	pthread_mutex_lock(&b->of->lock);
	if (s->node)
		fold(s->node, b);
	b->closed = true;
	pthread_mutex_unlock(&b->of->lock);
	wake(s->c->beats);
}

void co_beats_fold(struct co_node *n)
{
	struct co_beat *b = n->session ? n->session->beat : NULL;
	bool down;

	if (!b)
		return;
	pthread_mutex_lock(&b->of->lock);
	fold(n, b);
	beats_set_lease(b, n);
	down = b->down;
	pthread_mutex_unlock(&b->of->lock);
	if (down)
		co_beats_end(n->session);
}

bool co_beats_take(struct co_node *n, int64_t now_ns)
{
	struct co_beat *b = n->session ? n->session->beat : NULL;
	bool taken;

	if (!b)
		return cr_fence_take(&n->c->fence, n->index, now_ns);
	pthread_mutex_lock(&b->of->lock);
	fold(n, b);
	taken = cr_fence_take(&n->c->fence, n->index, now_ns);
	b->closed |= taken;
	pthread_mutex_unlock(&b->of->lock);
	return taken;
}

/* One link that has said Beats; s is gone after this. */
static void beats_hand_over(struct co_session *s)
{
	struct co_session *of = co_session_by_id(s->c, s->beats_of);
	struct co *c = s->c;
	struct co_beat *b;

	if (of && of->node && of->node->session == of && !c->beats)
		c->beats = beats_start();
	if (!of || !of->node || of->node->session != of || !c->beats) {
		co_session_close(s);
		return;
	}
	b = cr_xcalloc(1, sizeof(*b));
	co_beats_end(of);
	b->of = c->beats;
	b->link = co_session_leave(s);
	beats_set_lease(b, of->node);
	of->beat = b;
	pthread_mutex_lock(&b->of->lock);
	b->next = b->of->list;
	b->of->list = b;
	pthread_mutex_unlock(&b->of->lock);
	wake(c->beats);
}

void co_beats_tick(struct co *c)
{
	struct co_session *s, *next;

	for (s = c->beats_waiting ? c->sessions : NULL; s; s = next) {
		next = s->next;
		if (s->beats_of)
			beats_hand_over(s);
	}
	c->beats_waiting = false;
}
