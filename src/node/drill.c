// SPDX-License-Identifier: Apache-2.0
//
// Faults that an operator rehearses on this node, one at a time, only with --allow-drills, and for
// at most ten minutes. CPU, memory and disk are burdened by a process of its own (drill_load.c).
// Without the network, and hanging, is this daemon: the one drops its links, the other sleeps,
// which both end by themselves. What has begun and ended is told with its numbers.
#include "node/drill.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "node/beat.h"
#include "node/drill_load.h"
#include "node/message.h"
#include "node/node.h"
#include "node/node_members.h"
#include "node/reconcile_member.h"
#include "node/uplink.h"

#define MS_MOST 600000
#define SEEN_MS 1500
#define WORD_MS 300 /* for what is told to leave, before nothing does */

struct cr_node_drill {
	cairn_DrillKind kind; /* DRILL_NONE: none is on */
	unsigned int ms;
	bool cut, begun; /* begun: has been told */
	cairn_Drill owed; /* that is to be told when the coordinator can be reached; kind 0: none */
	pid_t child;
	int report;
	struct event *said; /* what the child reports */
	struct event *timer; /* the next step of this one */
	void (*step)(struct cr_node *n);
};

static void drill_tell(struct cr_node *n, cairn_DrillState state, const char *text)
{
	cairn_ClusterMsg *m = cr_node_message(n, cairn_ClusterMsg_drill_tag);
	cairn_Drill *d = &m->body.drill;

	n->drill->owed.kind = cairn_DrillKind_DRILL_NONE;
	d->kind = n->drill->kind;
	d->ms = n->drill->ms;
	d->state = state;
	snprintf(d->text, sizeof(d->text), "%s", text);
	cr_say("drill: %s", text);
	if (!n->up.welcome || !cr_uplink_send(n, m, NULL, 0))
		n->drill->owed = *d;
}

void cr_drill_report(struct cr_node *n)
{
	if (!n->drill->owed.kind)
		return;
	cr_node_message(n, cairn_ClusterMsg_drill_tag)->body.drill = n->drill->owed;
	cr_uplink_send(n, &n->out, NULL, 0);
	n->drill->owed.kind = cairn_DrillKind_DRILL_NONE;
}

static void after(struct cr_node *n, unsigned int ms, void (*step)(struct cr_node *n))
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	n->drill->step = step;
	evtimer_add(n->drill->timer, &t);
}

static void drill_begun(struct cr_node *n, const char *text)
{
	n->drill->begun = true;
	drill_tell(n, cairn_DrillState_DRILL_BEGUN, text);
}

/* ---- its end ---- */

static void drill_over(struct cr_node *n)
{
	struct cr_node_drill *d = n->drill;

	event_del(d->timer);
	if (d->said)
		event_free(d->said);
	d->said = NULL;
	cr_close_fd(&d->report);
	if (d->child > 0) {
		kill(d->child, SIGKILL);
		while (waitpid(d->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	d->child = 0;
	d->cut = false;
	if (d->begun)
		drill_tell(n, cairn_DrillState_DRILL_ENDED, "all is undone");
	else if (d->kind)
		drill_tell(n, cairn_DrillState_DRILL_REFUSED, "it had not begun within its time");
	d->kind = cairn_DrillKind_DRILL_NONE;
	d->begun = false;
}

/* It is not to be: said to who asked. */
static void drill_refuse(struct cr_node *n, const char *text)
{
	drill_tell(n, cairn_DrillState_DRILL_REFUSED, text);
	n->drill->begun = false;
	n->drill->kind = cairn_DrillKind_DRILL_NONE;
	drill_over(n);
}

static void drill_on_timer(int fd, short what, void *arg)
{
	struct cr_node *n = arg;

	cr_node_turn(n);
	n->drill->step(n);
}

/* ---- CPU, memory, disk ---- */

static void on_report(int fd, short what, void *arg)
{
	struct cr_node *n = arg;
	char text[128];
	ssize_t len = read(fd, text, sizeof(text) - 1);

	cr_node_turn(n);
	if (len <= 0) {
		if (n->drill->begun)
			drill_over(n);
		else
			drill_refuse(n, "the process for it has ended");
		return;
	}
	text[len] = 0;
	text[strcspn(text, "\n")] = 0;
	if (*text == '!')
		drill_refuse(n, text + 1);
	else
		drill_begun(n, text);
}

static void begin_load(struct cr_node *n)
{
	struct cr_node_drill *d = n->drill;
	struct cr_drill_load load = { d->kind, d->ms, n->options.host_root, n->store };
	int ret = cr_drill_load(&load, &d->child, &d->report);

	if (ret) {
		d->child = 0;
		d->report = -1;
		drill_refuse(n, strerror(-ret));
		return;
	}
	d->said = event_new(n->base, d->report, EV_READ | EV_PERSIST, on_report, n);
	event_add(d->said, NULL);
	after(n, d->ms, drill_over);
}

/* ---- members, links, the daemon itself ---- */

/* As a crash would: not as one that is told to end. */
static void begin_kill(struct cr_node *n)
{
	struct cr_node_member *m;
	unsigned int count = 0;
	char text[64];

	for (m = n->members; m; m = m->next) {
		cairn_ClusterMsg *msg = cr_node_message(n, cairn_ClusterMsg_kill_tag);

		if (m->ended || m->state != cairn_MemberState_MEMBER_RUNNING)
			continue;
		msg->body.kill.has_id = true;
		msg->body.kill.id = m->id;
		msg->body.kill.signal = SIGKILL;
		cr_member_pass(n, &m->id, msg, NULL, 0);
		count++;
	}
	snprintf(text, sizeof(text), "%u members are killed (SIGKILL)", count);
	drill_begun(n, text);
	drill_over(n);
}

static void cut(struct cr_node *n)
{
	n->drill->cut = true;
	cr_uplink_cut(n, "cut by a drill");
	after(n, n->drill->ms, drill_over);
}

static void begin_net(struct cr_node *n)
{
	drill_begun(n, "links to the coordinator and to quorum peers are dropped");
	after(n, WORD_MS, cut);
}

/* With all its threads. A signal that is to end us ends it. */
static void sleep_through(struct cr_node *n)
{
	struct timespec t = { n->drill->ms / 1000, n->drill->ms % 1000 * 1000000 };

	cr_beats_session(n, 0);
	nanosleep(&t, NULL);
	/* Before anything else: the lease may be over. */
	cr_node_turn(n);
	if (n->up.welcome)
		cr_beats_session(n, n->up.session);
	/* When it has been seen whether the coordinator has given us up. */
	after(n, SEEN_MS, drill_over);
}

static void begin_hang(struct cr_node *n)
{
	drill_begun(n, "crnode answers nobody");
	after(n, WORD_MS, sleep_through);
}

void cr_drill(struct cr_node *n, const cairn_Drill *order)
{
	static void (*const kinds[])(struct cr_node * n) = {
		[cairn_DrillKind_DRILL_CPU] = begin_load,
		[cairn_DrillKind_DRILL_MEM] = begin_load,
		[cairn_DrillKind_DRILL_DISK] = begin_load,
		[cairn_DrillKind_DRILL_KILL] = begin_kill,
		[cairn_DrillKind_DRILL_NET] = begin_net,
		[cairn_DrillKind_DRILL_HANG] = begin_hang,
	};
	struct cr_node_drill *d = n->drill, was = *d;
	const char *why = NULL;

	if (!n->options.allow_drills)
		why = "it was started without --allow-drills";
	else if (d->kind)
		why = "another drill is on";
	else if (order->kind >= CR_ARRAY_SIZE(kinds) || !kinds[order->kind])
		why = "it does not know that drill";
	else if (!order->ms || order->ms > MS_MOST)
		why = "a drill has ten minutes at most";
	d->kind = order->kind;
	d->ms = order->ms;
	if (why) {
		drill_tell(n, cairn_DrillState_DRILL_REFUSED, why);
		*d = was;
		return;
	}
	kinds[order->kind](n);
}

bool cr_drill_cuts(const struct cr_node *n)
{
	return n->drill && n->drill->cut;
}

int cr_drill_init(struct cr_node *n, struct cr_err *err)
{
	n->drill = cr_xcalloc(1, sizeof(*n->drill));
	n->drill->report = -1;
	n->drill->timer = evtimer_new(n->base, drill_on_timer, n);
	return n->drill->timer ? 0 : cr_fail(err, CR_EXIT_INTERNAL, errno, "a timer");
}

void cr_drill_free(struct cr_node *n)
{
	if (!n->drill)
		return;
	if (n->drill->timer) {
		drill_over(n);
		event_free(n->drill->timer);
	}
	free(n->drill);
	n->drill = NULL;
}
