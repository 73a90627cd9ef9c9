// SPDX-License-Identifier: Apache-2.0
//
// The link to the coordinator: made, and made again for ever; who we are, heartbeats, and what the
// coordinator says. When it breaks everything here goes on; what the coordinator has perhaps not
// got is told again after the next Welcome.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/label.h"
#include "common/ready.h"
#include "common/xalloc.h"
#include "node/beat.h"
#include "node/drill.h"
#include "node/message.h"
#include "node/node_images.h"
#include "node/node_lease.h"
#include "node/node_members.h"
#include "node/node_requests.h"
#include "node/node_run.h"
#include "node/outbox.h"
#include "node/quorum_peer.h"
#include "node/quorum_peer.h"
#include "node/reconcile_member.h"
#include "node/start.h"
#include "node/telemetry.h"
#include "node/uplink.h"

#define DELAY_MIN_MS 100
#define DELAY_MAX_MS 1000
#define REFUSED_MS 3000 /* until we ask again whom the coordinator does not want */
#define CONNECT_MS 3000
#define BUSY_MS 60000 /* for so long a coordinator may be, while it answers heartbeats */
#define ROOM_NS 2000000000ll

/* One line for each new reason, not one for each attempt. */
static void trouble(struct cr_node *n, const char *text)
{
	if (strcmp(n->up.trouble, text))
		cr_say("%s", text);
	snprintf(n->up.trouble, sizeof(n->up.trouble), "%s", text);
}

static void uplink_lost(struct cr_node *n, unsigned int wait_ms)
{
	struct cr_node_uplink *up = &n->up;

	up->link = NULL;
	up->open = up->welcome = false;
	cr_parcel_free(&up->command);
	cr_beats_session(n, 0);
	up->retry_ns = cr_node_now() + wait_ms * 1000000ll;
	up->current = (up->current + 1) % up->n;
	cr_requests_lost(n);
	/* The timer must not wait as for the next heartbeat. */
	cr_node_dirty(n);
}

static void uplink_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct cr_node *n = arg;
	struct cr_node_coordinator *at = &n->up.at[n->up.current];
	char text[256];

	cr_node_turn(n);
	snprintf(text, sizeof(text), "coordinator: %.200s", why->text);
	trouble(n, text);
	/* Somebody stands there who sees it at once; nothing depends on us yet. */
	if (why->status == CR_EXIT_TRUST && !n->up.once && !n->members && n->up.n == 1) {
		n->status = CR_EXIT_TRUST;
		event_base_loopbreak(n->base);
	}
	if (!n->up.open && why->error == ECONNREFUSED)
		at->refused_ns = n->up.began_ns;
	/* Its first failure is followed by an attempt at once, which tells what is the matter. */
	if (n->up.welcome)
		n->up.delay_ms = 0;
	uplink_lost(n, n->up.delay_ms);
	n->up.delay_ms = n->up.delay_ms ? n->up.delay_ms * 2 : DELAY_MIN_MS;
	if (n->up.delay_ms > DELAY_MAX_MS / n->up.n)
		n->up.delay_ms = DELAY_MAX_MS / n->up.n;
	cr_lease_refused(n);
}

static void uplink_on_up(struct cr_link *l, void *arg)
{
	struct cr_node *n = arg;
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_hello_tag);
	cairn_Hello *h = &m->body.hello;
	struct cr_err unused = { 0 };
	size_t i;

	cr_node_turn(n);
	n->up.open = true;
	h->version = CR_CLUSTER_VERSION;
	snprintf(h->name, sizeof(h->name), "%s", n->name);
	snprintf(h->boot_id, sizeof(h->boot_id), "%s", n->boot_id);
	snprintf(h->cairn, sizeof(h->cairn), "%s", PACKAGE_VERSION);
	h->store_id = n->store_id;
	h->store_bytes = n->store_bytes;
	h->store_free = n->store_free;
	h->image_port = n->image_port;
	h->vouch_port = n->vouch_port;
	h->privileged = n->privileged;
	h->uid = geteuid();
	h->criu = n->criu;
	h->criu_users = n->criu_users;
	h->keeps_command = true;
	h->drills = n->options.allow_drills;
	for (i = 0; i < n->naddresses; i++)
		snprintf(h->addresses[i], sizeof(h->addresses[i]), "%s", n->addresses[i]);
	h->addresses_count = n->naddresses;
	for (i = 0; i < n->options.labels.n; i++)
		cr_label_parse(n->options.labels.v[i], &h->labels[i], &unused);
	h->labels_count = n->options.labels.n;
	cr_link_send(l, m, NULL, 0);
}

void cr_uplink_beat(struct cr_node *n)
{
	int64_t now = cr_node_now();
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_heartbeat_tag);

	m->body.heartbeat.sent_ns = now;
	m->body.heartbeat.store_free = n->store_free;
	m->body.heartbeat.members = cr_members_count(n);
	m->body.heartbeat.quorum = cr_quorum_peer_generation(n);
	cr_telemetry_put(n, &m->body.heartbeat);
	n->up.beat_ns = now;
	n->up.unanswered++;
	cr_uplink_send(n, m, NULL, 0);
}

static void on_welcome(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
		       size_t len)
{
	const cairn_Welcome *w = &m->body.welcome;

	n->up.welcome = n->up.once = true;
	n->up.session = w->session;
	n->up.delay_ms = n->up.unanswered = 0;
	n->up.trouble[0] = 0;
	if (w->lease_ms)
		n->lease.ms = w->lease_ms;
	if (w->heartbeat_ms)
		n->lease.heartbeat_ms = w->heartbeat_ms;
	if (n->lease.over)
		cr_quorum_peer_forget(n);
	cr_say("node %s: welcome at coordinator %s%s%s", n->name, n->up.at[n->up.current].text,
	       *w->cluster ? ", cluster " : "", w->cluster);
	if (w->beats)
		cr_beats_session(n, w->session);
	cr_uplink_beat(n);
	cr_members_report(n);
	cr_images_report(n);
	cr_drill_report(n);
	if (n->drained)
		cr_node_drain(n, false);
	cr_requests_send(n);
	cr_ready(n->ready_fd);
	n->ready_fd = -1;
}

static void on_refusal(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
		       size_t len)
{
	char text[256];

	snprintf(text, sizeof(text), "coordinator %s refuses this node: %.180s",
		 n->up.at[n->up.current].text, m->body.refusal.error);
	trouble(n, text);
	cr_link_close(n->up.link);
	uplink_lost(n, REFUSED_MS);
}

static void on_ack(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload, size_t len)
{
	int64_t sent = m->body.ack.sent_ns;

	/* Of an earlier life, or not of ours at all. */
	if (sent > cr_node_now())
		return;
	n->up.unanswered = 0;
	n->up.acked_ns = sent;
	cr_telemetry_answered(n, sent);
	cr_lease_renew(n, sent, m->body.ack.lease_ms);
	cr_outbox_acknowledged(n, sent);
	if (n->again && sent >= n->leaving_ns)
		event_base_loopbreak(n->base);
}

static void on_start(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload, size_t len)
{
	const cairn_Start *s = &m->body.start;

	if (s->keep)
		cr_parcel_fill(&n->up.command, m, payload, len);
	if (s->same) {
		payload = n->up.command.payload;
		len = n->up.command.len;
	}
	cr_node_start(n, m, payload, len);
}

static void uplink_on_kill(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
			   size_t len)
{
	struct cr_node_member *member = cr_member_of(n, &m->body.kill.id);

	cr_member_pass(n, &m->body.kill.id, m, payload, len);
	cr_start_withdraw(n, &m->body.kill.id);
	/* A shepherd that does not do it in time has it done from outside. */
	if (member && !m->body.kill.signal)
		cr_member_end(member, member->client ? 500 : 0);
}

static void uplink_on_checkpoint(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
				 size_t len)
{
	struct cr_node_member *member = cr_member_of(n, &m->body.checkpoint.id);

	/* Sent again after a link broke. */
	if (member && member->ordered == m->body.checkpoint.operation)
		return;
	if (member)
		member->ordered = m->body.checkpoint.operation;
	cr_member_pass(n, &m->body.checkpoint.id, m, payload, len);
}

static void on_advance(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
		       size_t len)
{
	cr_member_pass(n, &m->body.advance.id, m, payload, len);
}

static void uplink_on_abort(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload,
			    size_t len)
{
	cr_member_pass(n, &m->body.abort.id, m, payload, len);
}

static void on_ship(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload, size_t len)
{
	cr_images_ship(n, &m->body.ship);
}

static void on_drop(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload, size_t len)
{
	cr_images_drop(n, &m->body.drop);
}

static void on_drill(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload, size_t len)
{
	cr_drill(n, &m->body.drill);
}

static const struct {
	pb_size_t which;
	bool before; /* may come before Welcome */
	void (*on)(struct cr_node *n, const cairn_ClusterMsg *m, const void *payload, size_t len);
} messages[] = {
	{ cairn_ClusterMsg_welcome_tag, true, on_welcome },
	{ cairn_ClusterMsg_refusal_tag, true, on_refusal },
	{ cairn_ClusterMsg_ack_tag, false, on_ack },
	{ cairn_ClusterMsg_quorum_tag, false, cr_quorum_peer_set },
	{ cairn_ClusterMsg_start_tag, false, on_start },
	{ cairn_ClusterMsg_kill_tag, false, uplink_on_kill },
	{ cairn_ClusterMsg_checkpoint_tag, false, uplink_on_checkpoint },
	{ cairn_ClusterMsg_advance_tag, false, on_advance },
	{ cairn_ClusterMsg_abort_tag, false, uplink_on_abort },
	{ cairn_ClusterMsg_ship_tag, false, on_ship },
	{ cairn_ClusterMsg_drop_tag, false, on_drop },
	{ cairn_ClusterMsg_reply_tag, false, cr_request_reply },
	{ cairn_ClusterMsg_drill_tag, false, on_drill },
};

static void uplink_on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
			      void *arg)
{
	const cairn_ClusterMsg *m = msg;
	struct cr_node *n = arg;
	size_t i;

	cr_node_turn(n);
	for (i = 0; i < CR_ARRAY_SIZE(messages); i++)
		if (messages[i].which == m->which_body && (n->up.welcome || messages[i].before))
			messages[i].on(n, m, payload, len);
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.up = uplink_on_up,
	.message = uplink_on_message,
	.down = uplink_on_down,
};

static void uplink_give_up(struct cr_node *n, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), "coordinator %s: %s", n->up.at[n->up.current].text, what);
	trouble(n, text);
	cr_link_close(n->up.link);
	uplink_lost(n, 0);
}

void cr_uplink_cut(struct cr_node *n, const char *why)
{
	if (n->up.link)
		uplink_give_up(n, why);
}

/* A coordinator whose loop is busy is not: its other thread answers. */
static bool is_silent(const struct cr_node *n, int64_t now)
{
	int64_t since_ms = (int64_t)n->up.unanswered * n->lease.heartbeat_ms;

	return since_ms > 2 * (int64_t)n->lease.ms &&
	       (now - cr_beats_acked(n) > n->lease.ms * 1000000ll ||
		since_ms > BUSY_MS + 2 * (int64_t)n->lease.ms);
}

void cr_uplink_tick(struct cr_node *n, int64_t now)
{
	struct cr_node_uplink *up = &n->up;

	if (now - n->free_ns > ROOM_NS) {
		n->free_ns = now;
		cr_images_room(n);
	}
	if (!up->link && now >= up->retry_ns && !cr_drill_cuts(n)) {
		struct cr_node_coordinator *at = &up->at[up->current];

		up->began_ns = now;
		up->link = cr_link_connect(n->base, (struct sockaddr *)&at->at, at->len, n->trust,
					   &handler, n);
		return;
	}
	if (up->link && !up->welcome && now - up->began_ns > CONNECT_MS * 1000000ll) {
		uplink_give_up(n, "no answer");
		return;
	}
	if (!up->welcome || now - up->beat_ns < n->lease.heartbeat_ms * 1000000ll)
		return;
	/* A broken path may be whole again long before TCP tries it. */
	if (is_silent(n, now))
		uplink_give_up(n, "silent");
	else
		cr_uplink_beat(n);
}

/* At boot there may be nobody yet who knows names: that is waited for, as a coordinator is. */
static int look_up(const char *text, struct cr_node_coordinator *at, struct cr_err *err)
{
	int ret = cr_address_parse(text, &at->at, &at->len, err);

	if (ret == -EAGAIN)
		cr_say("%s; I try again until one does", err->text);
	while (ret == -EAGAIN) {
		sleep(1);
		cr_err_clear(err);
		ret = cr_address_parse(text, &at->at, &at->len, err);
	}
	return ret;
}

int cr_uplink_init(struct cr_node *n, struct cr_err *err)
{
	struct cr_node_uplink *up = &n->up;
	size_t i;
	int ret;

	up->acked_ns = cr_node_now();
	for (i = 0; i < n->options.coordinators.n; i++) {
		char *list = cr_xstrdup(n->options.coordinators.v[i]), *save = NULL, *one;

		for (one = strtok_r(list, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
			struct cr_node_coordinator *at = &up->at[up->n];

			if (up->n++ == CR_ARRAY_SIZE(up->at))
				ret = cr_fail(err, CR_EXIT_USAGE, 0, "--coordinator: at most %zu",
					      CR_ARRAY_SIZE(up->at));
			else
				ret = look_up(one, at, err);
			if (ret) {
				free(list);
				return ret;
			}
			cr_address_text((struct sockaddr *)&at->at, at->text);
		}
		free(list);
	}
	return up->n ? 0 : cr_fail(err, CR_EXIT_USAGE, 0, "--coordinator is empty");
}

void cr_uplink_close(struct cr_node *n)
{
	if (n->up.link)
		cr_link_close(n->up.link);
	cr_parcel_free(&n->up.command);
	n->up.link = NULL;
	n->up.welcome = false;
}
