// SPDX-License-Identifier: Apache-2.0
//
// Heartbeats over a link of their own, in a thread of crnode that does nothing else: so the lease
// lasts however long the loop is busy with starts, users, images or the end of a thousand
// processes. The loop's own heartbeats go on beside them; they also say that what was sent before
// them has come, which these do not.
//
// Invariants: the lease is in here, under the lock. This thread only makes one longer that has not
// been over for an instant; what has been over only the loop begins again, after it has ended the
// members. A loop that has stood still for LOOP_NS is not covered up for: then nothing is sent.
#include "node/beat.h"
#include "node/node_run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/lease_page.h"
#include "common/xalloc.h"
#include "net/urgent.h"

#define LOOP_NS 60000000000ll
#define RETRY_NS 200000000ll
#define CONNECT_NS 3000000000ll

struct cr_node_beats {
	pthread_t thread;
	bool started;
	const struct cr_trust *trust;
	pthread_mutex_t lock;
	/* Under the lock. */
	bool stop, over;
	int64_t until_ns, acked_ns, loop_ns;
	int64_t round_trip_ns; /* the worst since it was asked for, 0: none */
	unsigned int heartbeat_ms;
	uint64_t session;
	unsigned int change; /* of the session */
	struct sockaddr_storage at;
	socklen_t len;
	struct cr_lease_page *page; /* never NULL */
	struct cr_lease_page own;
	/* The thread's own. */
	struct event_base *base;
	struct event *tick, *woken;
	int wake; /* eventfd: the loop has changed something */
	struct cr_link *link;
	bool up;
	unsigned int seen;
	int64_t began_ns, sent_ns;
	cairn_ClusterMsg out;
};

/* ---- the lease ---- */

/* Under the lock. */
static void beat_publish(struct cr_node_beats *b)
{
	atomic_store(&b->page->until_ns, b->until_ns);
}

int64_t cr_beats_until(struct cr_node *n, int64_t now)
{
	struct cr_node_beats *b = n->beats;
	int64_t until;

	pthread_mutex_lock(&b->lock);
	until = b->until_ns;
	b->over |= now >= until;
	pthread_mutex_unlock(&b->lock);
	return until;
}

bool cr_beats_renew(struct cr_node *n, int64_t until, bool again)
{
	struct cr_node_beats *b = n->beats;
	bool good;

	pthread_mutex_lock(&b->lock);
	b->heartbeat_ms = n->lease.heartbeat_ms;
	b->over |= cr_node_now() >= b->until_ns;
	good = b->over == again;
	if (good && again)
		atomic_fetch_add(&b->page->generation, 1);
	if (good && until > b->until_ns)
		b->until_ns = until;
	if (good) {
		b->over = false;
		beat_publish(b);
	}
	pthread_mutex_unlock(&b->lock);
	return good;
}

int64_t cr_beats_acked(const struct cr_node *n)
{
	struct cr_node_beats *b = n->beats;
	int64_t acked;

	pthread_mutex_lock(&b->lock);
	acked = b->acked_ns;
	pthread_mutex_unlock(&b->lock);
	return acked;
}

/* ---- the thread ---- */

static void acknowledged(struct cr_node_beats *b, const cairn_HeartbeatAck *ack)
{
	int64_t sent = ack->sent_ns, until = sent + ack->lease_ms * 1000000ll, now;

	pthread_mutex_lock(&b->lock);
	now = cr_node_now();
	b->over |= now >= b->until_ns;
	/* What lay in the socket while we stood still renews nothing. */
	if (!b->over && sent <= now && until > b->until_ns) {
		b->until_ns = until;
		beat_publish(b);
	}
	if (sent <= now && sent > b->acked_ns)
		b->acked_ns = sent;
	if (now - sent > b->round_trip_ns)
		b->round_trip_ns = now - sent;
	pthread_mutex_unlock(&b->lock);
}

static void beat_on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
			    void *arg)
{
	const cairn_ClusterMsg *m = msg;

	if (m->which_body == cairn_ClusterMsg_ack_tag)
		acknowledged(arg, &m->body.ack);
}

static void beat_on_up(struct cr_link *l, void *arg)
{
	struct cr_node_beats *b = arg;

	memset(&b->out, 0, sizeof(b->out));
	b->out.which_body = cairn_ClusterMsg_beats_tag;
	pthread_mutex_lock(&b->lock);
	b->out.body.beats.session = b->session;
	pthread_mutex_unlock(&b->lock);
	b->up = cr_link_send(l, &b->out, NULL, 0);
}

static void beat_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct cr_node_beats *b = arg;

	b->link = NULL;
	b->up = false;
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.up = beat_on_up,
	.message = beat_on_message,
	.down = beat_on_down,
};

static void beat_hang_up(struct cr_node_beats *b)
{
	if (b->link)
		cr_link_close(b->link);
	b->link = NULL;
	b->up = false;
}

/* When all is well, only for the next heartbeat. */
static void beat_set_tick(struct cr_node_beats *b, unsigned int heartbeat_ms, bool well)
{
	int64_t us = heartbeat_ms * 1000ll / 4;
	struct timeval t;

	us = us < 5000 ? 5000 : us > 100000 ? 100000 : us;
	if (well)
		us = (b->sent_ns - cr_node_now()) / 1000 + heartbeat_ms * 1000ll;
	if (us < 1000)
		us = 1000;
	t = (struct timeval){ us / 1000000, us % 1000000 };
	event_add(b->tick, &t);
}

static void send_beat(struct cr_node_beats *b, int64_t now)
{
	memset(&b->out, 0, sizeof(b->out));
	b->out.which_body = cairn_ClusterMsg_heartbeat_tag;
	b->out.body.heartbeat.sent_ns = now;
	b->sent_ns = now;
	/* What is not taken for so long is not worth to be sent. */
	if (cr_link_backlog(b->link) < 4096)
		cr_link_send(b->link, &b->out, NULL, 0);
}

static void beat_on_tick(int fd, short what, void *arg)
{
	struct cr_node_beats *b = arg;
	struct sockaddr_storage at;
	int64_t now = cr_node_now();
	unsigned int heartbeat_ms;
	bool stop, wanted, changed;
	eventfd_t ignored;
	socklen_t len;

	eventfd_read(b->wake, &ignored);
	pthread_mutex_lock(&b->lock);
	stop = b->stop;
	changed = b->change != b->seen;
	b->seen = b->change;
	at = b->at;
	len = b->len;
	wanted = b->session && now - b->loop_ns < LOOP_NS;
	heartbeat_ms = b->heartbeat_ms;
	pthread_mutex_unlock(&b->lock);
	if (stop || changed || (b->link && !b->up && now - b->began_ns > CONNECT_NS))
		beat_hang_up(b);
	if (stop) {
		event_base_loopbreak(b->base);
		return;
	}
	if (!b->link && wanted && (changed || now - b->began_ns > RETRY_NS)) {
		b->began_ns = now;
		b->link = cr_link_connect(b->base, (struct sockaddr *)&at, len, b->trust, &handler,
					  b);
	}
	if (b->up && wanted && now - b->sent_ns >= heartbeat_ms * 1000000ll)
		send_beat(b, now);
	beat_set_tick(b, heartbeat_ms, b->up && wanted);
}

static void *beat_run(void *arg)
{
	struct cr_node_beats *b = arg;

	cr_urgent_begin();
	beat_set_tick(b, 0, false);
	event_base_dispatch(b->base);
	/* What the link has still to send. */
	event_base_loop(b->base, EVLOOP_NONBLOCK);
	return NULL;
}

/* ---- the loop's side ---- */

void cr_beats_session(struct cr_node *n, uint64_t session)
{
	const struct cr_node_coordinator *at = &n->up.at[n->up.current];
	struct cr_node_beats *b = n->beats;

	pthread_mutex_lock(&b->lock);
	b->session = session;
	b->change++;
	b->at = at->at;
	b->len = at->len;
	b->heartbeat_ms = n->lease.heartbeat_ms;
	pthread_mutex_unlock(&b->lock);
	eventfd_write(b->wake, 1);
}

int64_t cr_beats_round_trip(struct cr_node *n)
{
	struct cr_node_beats *b = n->beats;
	int64_t ns;

	pthread_mutex_lock(&b->lock);
	ns = b->round_trip_ns;
	b->round_trip_ns = 0;
	pthread_mutex_unlock(&b->lock);
	return ns;
}

void cr_beats_tick(struct cr_node *n, int64_t now)
{
	pthread_mutex_lock(&n->beats->lock);
	n->beats->loop_ns = now;
	pthread_mutex_unlock(&n->beats->lock);
}

int cr_beats_init(struct cr_node *n, struct cr_err *err)
{
	struct cr_node_beats *b = cr_xcalloc(1, sizeof(*b));

	n->beats = b;
	pthread_mutex_init(&b->lock, NULL);
	b->page = &b->own;
	b->trust = n->trust;
	b->heartbeat_ms = n->lease.heartbeat_ms;
	b->until_ns = n->lease.until_ns;
	b->over = n->lease.over;
	b->loop_ns = cr_node_now();
	b->base = cr_urgent_base();
	b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!b->base || b->wake < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "heartbeats");
	b->tick = event_new(b->base, -1, 0, beat_on_tick, b);
	b->woken = event_new(b->base, b->wake, EV_READ | EV_PERSIST, beat_on_tick, b);
	if (event_add(b->woken, NULL))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "heartbeats");
	return 0;
}

/* The file stays for the crnode that comes after us: shepherds have it mapped. */
void cr_beats_page(struct cr_node *n)
{
	char path[PATH_MAX + sizeof(CR_LEASE_PAGE_SUFFIX)];
	struct cr_node_beats *b = n->beats;
	struct cr_lease_page *p;
	cr_auto_fd fd = -1;

	snprintf(path, sizeof(path), "%s" CR_LEASE_PAGE_SUFFIX, n->socket);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fchmod(fd, n->privileged ? 0644 : 0600) || ftruncate(fd, sizeof(*p))) {
		cr_say("%s: %s: members are told of the lease by messages only", path,
		       strerror(errno));
		return;
	}
	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return;
	pthread_mutex_lock(&b->lock);
	p->magic = CR_LEASE_PAGE_MAGIC;
	/* Whoever was there before has no lease by it, if we have none. */
	if (b->over)
		atomic_fetch_add(&p->generation, 1);
	b->page = p;
	beat_publish(b);
	pthread_mutex_unlock(&b->lock);
}

void cr_beats_start(struct cr_node *n)
{
	int ret = cr_urgent_start(&n->beats->thread, beat_run, n->beats);

	n->beats->started = !ret;
	if (ret)
		cr_say("no thread for heartbeats: %s", strerror(-ret));
}

void cr_beats_free(struct cr_node *n)
{
	struct cr_node_beats *b = n->beats;

	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_mutex_unlock(&b->lock);
	if (b->wake >= 0)
		eventfd_write(b->wake, 1);
	if (b->started)
		pthread_join(b->thread, NULL);
	if (b->tick)
		event_free(b->tick);
	if (b->woken)
		event_free(b->woken);
	cr_close_fd(&b->wake);
	if (b->base)
		event_base_free(b->base);
	if (b->page != &b->own)
		munmap(b->page, sizeof(*b->page));
	pthread_mutex_destroy(&b->lock);
	free(b);
	n->beats = NULL;
}
