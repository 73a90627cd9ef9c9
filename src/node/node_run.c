// SPDX-License-Identifier: Apache-2.0
//
// crnode's life: made ready, run until it is told to end, drained or executed again. Whatever
// happens to it, the members of jobs here go on for as long as their lease does.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/criu_version.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/proc.h"
#include "common/ready.h"
#include "common/runtime.h"
#include "criu/find.h"
#include "criu/probe.h"
#include "net/listener.h"
#include "net/trust.h"
#include "net/urgent.h"
#include "node/beat.h"
#include "node/drill.h"
#include "node/known.h"
#include "node/local.h"
#include "node/message.h"
#include "node/node_address.h"
#include "node/node_images.h"
#include "node/node_lease.h"
#include "node/node_members.h"
#include "node/node_requests.h"
#include "node/node_run.h"
#include "node/notice.h"
#include "node/quorum_peer.h"
#include "node/reconcile_member.h"
#include "node/telemetry.h"
#include "node/uplink.h"

#define BACK_MS 30000 /* an upgrade takes at most so long */
#define BACK_WAIT_NS 500000000ll /* for the coordinator's answer */

static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

/* Once the coordinator knows, which may give us a longer lease for the time; or it is away. */
static void upgrade(struct cr_node *n)
{
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_leaving_tag);

	n->again = true;
	n->leaving_ns = cr_node_now();
	m->body.leaving.back_ms = BACK_MS;
	if (cr_uplink_send(n, m, NULL, 0))
		cr_uplink_beat(n);
	else
		event_base_loopbreak(n->base);
}

static void node_run_set_tick(struct cr_node *n, int64_t ns)
{
	struct timeval t = { ns / 1000000000, ns % 1000000000 / 1000 };

	n->tick_ns = cr_node_now() + ns;
	event_add(n->tick, &t);
}

/* With nothing to look at, only for the next heartbeat: an idle node costs next to nothing. */
static int64_t until_next(const struct cr_node *n)
{
	int64_t ns = n->up.beat_ns + n->lease.heartbeat_ms * 1000000ll - cr_node_now();

	if (n->members || n->requests || n->drain_ns || n->again || !n->up.welcome ||
	    ns < CR_NODE_TICK_MS * 1000000ll)
		return CR_NODE_TICK_MS * 1000000ll;
	return ns < CR_NODE_IDLE_MS * 1000000ll ? ns : CR_NODE_IDLE_MS * 1000000ll;
}

/* Something has changed, and there may be more to look at than the timer was set for. */
static void node_run_on_work(int fd, short what, void *arg)
{
	struct cr_node *n = arg;

	if (n->tick_ns - cr_node_now() > CR_NODE_TICK_MS * 1000000ll)
		node_run_set_tick(n, CR_NODE_TICK_MS * 1000000ll);
	cr_node_turn(n);
}

static void node_run_on_signal(int sig, short what, void *arg)
{
	struct cr_node *n = arg;

	cr_node_turn(n);
	if (sig == SIGHUP) {
		upgrade(n);
	} else if (sig == SIGUSR1) {
		cr_node_drain(n, false);
	} else if (n->drain_ns || !n->members || n->lease.over) {
		event_base_loopbreak(n->base);
	} else {
		cr_notify("STOPPING=1");
		cr_node_drain(n, true);
	}
}

static void node_run_on_tick(int fd, short what, void *arg)
{
	struct cr_node *n = arg;
	int64_t now;

	cr_node_turn(n);
	now = cr_node_now();
	cr_telemetry_tick(n, now, n->tick_ns);
	cr_beats_tick(n, now);
	cr_members_tick(n, now);
	cr_requests_tick(n, now);
	cr_local_tick(n, now);
	cr_uplink_tick(n, now);
	cr_quorum_peer_tick(n, now);
	if (n->options.preempt_file && !n->drained && !access(n->options.preempt_file, F_OK)) {
		cr_say("%s has appeared", n->options.preempt_file);
		cr_node_drain(n, false);
	}
	if (n->known_changed)
		cr_known_write(n);
	if (n->again && now - n->leaving_ns > BACK_WAIT_NS)
		event_base_loopbreak(n->base);
	if (n->drain_ns && (!n->members || now >= n->drain_ns)) {
		if (n->members)
			cr_say("%u members are left when the time to drain is over",
			       cr_members_count(n));
		event_base_loopbreak(n->base);
	}
	node_run_set_tick(n, until_next(n));
}

/* What the store has, each change of it. */
static void node_run_on_holding(const cairn_Holding *h, void *arg)
{
	struct cr_node *n = arg;
	cairn_ClusterMsg *m;

	cr_node_turn(n);
	if (*h->error)
		cr_say("job %s.%llu member %u image %06u: %s", h->name, (unsigned long long)h->job,
		       h->member, h->number, h->error);
	m = cr_node_message(n, cairn_ClusterMsg_holding_tag);
	m->body.holding = *h;
	/* To a coordinator that comes later all is told again. */
	cr_uplink_send(n, m, NULL, 0);
}

static void read_boot_id(struct cr_node *n)
{
	char *text;

	if (cr_slurp(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text) < 0)
		return;
	text[strcspn(text, "\n")] = 0;
	snprintf(n->boot_id, sizeof(n->boot_id), "%s", text);
	free(text);
}

/* As many connections as the system allows. */
static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int node_run_add_events(struct cr_node *n, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(signals); i++) {
		n->signals[i] = evsignal_new(n->base, signals[i], node_run_on_signal, n);
		if (event_add(n->signals[i], NULL))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "signals");
	}
	n->tick = event_new(n->base, -1, 0, node_run_on_tick, n);
	node_run_set_tick(n, CR_NODE_TICK_MS * 1000000ll);
	return 0;
}

/* A container's root may be root in name only: it serves itself, like any other user. */
static bool may_become_anybody(void)
{
	const uint64_t needed = 1ull << CAP_SETUID | 1ull << CAP_SETGID;
	struct cr_proc_status st;

	return !geteuid() && !cr_proc_status(AT_FDCWD, getpid(), &st) &&
	       (st.caps[2] & needed) == needed;
}

int cr_node_init(struct cr_node *n, char **argv, struct cr_err *err)
{
	const struct cr_node_options *o = &n->options;
	char host[CR_NODE_NAME] = "";
	int ret;

	n->argv = argv;
	n->lock = -1;
	n->ready_fd = o->ready_fd;
	n->privileged = may_become_anybody();
	gethostname(host, sizeof(host) - 1);
	snprintf(n->name, sizeof(n->name), "%s", o->name ? o->name : host);
	ret = cr_name_check(n->name, err);
	if (ret)
		return ret;
	signal(SIGPIPE, SIG_IGN);
	raise_files();
	read_boot_id(n);
	n->base = cr_urgent_base();
	if (!n->base)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "an event loop");
	n->work = event_new(n->base, -1, 0, node_run_on_work, n);
	ret = cr_trust_load(&o->trust, &n->trust, err);
	if (!ret)
		ret = cr_uplink_init(n, err);
	if (!ret)
		ret = cr_node_addresses(n, err);
	if (!ret)
		ret = cr_lease_init(n, err);
	if (!ret)
		ret = cr_telemetry_init(n, err);
	if (!ret)
		ret = cr_drill_init(n, err);
	if (!ret)
		ret = cr_images_init(n, node_run_on_holding, err);
	umask(077);
	/* Who was here must be known before a shepherd says that it is. */
	if (!ret)
		ret = cr_known_read(n, err);
	if (!ret)
		ret = cr_quorum_peer_init(n, err);
	if (!ret)
		ret = cr_local_listen(n, err);
	return ret ? ret : node_run_add_events(n, err);
}

/* Jobs whose processes the agent cannot be loaded into need one; without it others run. */
static void look_for_criu(struct cr_node *n)
{
	struct cr_err err = { 0 };
	struct cr_criu found;
	char version[16];

	if (cr_criu_works(&found, &err)) {
		cr_say("no job of backend criu can run here: %s", err.text);
		return;
	}
	n->criu = found.version;
	n->criu_users = found.users;
	cr_say("CRIU %s, %s%s", cr_criu_version_text(n->criu, version), found.path,
	       n->criu_users ? "" :
	       n->privileged ? ", for root only" :
			       ", for this user only");
}

int cr_node_run(struct cr_node *n)
{
	struct cr_err err = { 0 };

	look_for_criu(n);
	cr_say("node %s, user %u, store %s, socket %s", n->name, geteuid(), n->store, n->socket);
	cr_beats_start(n);
	if (cr_notice_start(n, &err))
		cr_say("%s", err.text);
	cr_uplink_tick(n, cr_node_now());
	event_base_dispatch(n->base);
	cr_known_write(n);
	return n->status;
}

void cr_node_free(struct cr_node *n)
{
	size_t i;

	cr_drill_free(n);
	while (n->clients)
		cr_local_close(n->clients);
	while (n->members)
		cr_node_member_free(n->members);
	cr_uplink_close(n);
	cr_images_free(n);
	cr_notice_stop(n);
	cr_quorum_peer_free(n);
	if (n->listener)
		cr_listener_free(n->listener);
	for (i = 0; i < CR_ARRAY_SIZE(n->signals); i++)
		if (n->signals[i])
			event_free(n->signals[i]);
	if (n->tick)
		event_free(n->tick);
	if (n->lease.timer)
		event_free(n->lease.timer);
	if (n->trust)
		cr_trust_free(n->trust);
	/* What links have still to send. */
	if (n->base)
		event_base_loop(n->base, EVLOOP_NONBLOCK);
	if (n->work)
		event_free(n->work);
	if (n->base)
		event_base_free(n->base);
	/* Links that were still to close are left with their loop, and count there. */
	cr_beats_free(n);
	cr_telemetry_free(n);
	free(n->outbox.v);
	cr_close_fd(&n->lock);
}
