// SPDX-License-Identifier: Apache-2.0
//
// What is decided about a member: one table, from top to bottom. What happens (its shepherd tells
// something, a process of it ends, the lease is over, the coordinator wants it gone) changes facts
// elsewhere, and calls cr_node_dirty(). A callback begins with cr_node_turn(), so that a node that
// stood still ends its members before it handles what has come meanwhile.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "node/member_tree.h"
#include "node/message.h"
#include "node/node_images.h"
#include "node/node_lease.h"
#include "node/node_members.h"
#include "node/node_run.h"
#include "node/outbox.h"
#include "node/reconcile_member.h"
#include "node/start.h"

#define LOOK_NS 250000000ll
/* A shepherd has so long to end its member; the coordinator gives a quarter of the lease. */
#define GRACE_MS 100
#define ORPHAN_MS 300 /* for what is left of a member whose shepherd has gone */
#define ROUNDS_MOST 4

/* ---- its processes ---- */

/* All of its threads have, whether anybody has waited for it or not. */
static bool ended(struct cr_node_pid *p)
{
	struct pollfd poll_fd = { p->fd, POLLIN, 0 };

	return p->fd < 0 || poll(&poll_fd, 1, 0) > 0;
}

static void reconcile_member_look_at(struct cr_node_member *m, struct cr_node_pid *p)
{
	if (p->fd < 0 || !ended(p))
		return;
	if (waitpid(p->pid, &m->status, WNOHANG) != p->pid && p == &m->launcher)
		m->status = -1;
	cr_pid_unwatch(p);
}

/* Of a restart the launcher may be gone, and the shepherd run on. */
static bool has_process(const struct cr_node_member *m)
{
	return m->launcher.fd >= 0 || m->shepherd.fd >= 0;
}

/* ---- the rules ---- */

static bool lease_over(const struct cr_node_member *m, int64_t now)
{
	return m->fenced && !m->ended;
}

/* Who stood still himself must not wait for others who did. */
static void end_by_lease(struct cr_node_member *m, int64_t now)
{
	cr_member_end(m, m->late ? 0 : GRACE_MS);
}

static bool deserted(const struct cr_node_member *m, int64_t now)
{
	return !m->ended && m->shepherd.fd < 0 && (m->shepherd.pid || m->launcher.fd < 0);
}

static void end_deserted(struct cr_node_member *m, int64_t now)
{
	cr_member_end(m, m->launcher.fd < 0 ? 0 : ORPHAN_MS);
}

/* A job must not stand still for a coordinator that is away. Of a restart nothing runs yet. */
static bool waits_in_vain(const struct cr_node_member *m, int64_t now)
{
	const struct cr_node *n = m->node;

	return m->arrive.msg.which_body == cairn_ClusterMsg_arrive_tag && !m->ended &&
	       m->state == cairn_MemberState_MEMBER_RUNNING &&
	       now - n->up.acked_ns >= 2 * n->lease.ms * 1000000ll;
}

/* The coordinator is told when it is back; what others have saved is no checkpoint then. */
static void give_up_operation(struct cr_node_member *m, int64_t now)
{
	cairn_ClusterMsg *msg = cr_xcalloc(1, sizeof(*msg));
	cairn_Abort *a;

	msg->which_body = cairn_ClusterMsg_abort_tag;
	a = &msg->body.abort;
	a->has_id = true;
	a->id = m->id;
	a->operation = m->arrive.msg.body.arrive.operation;
	a->status = CR_EXIT_CLUSTER;
	snprintf(a->error, sizeof(a->error), "the coordinator is out of reach");
	cr_member_pass(m->node, &m->id, msg, NULL, 0);
	cr_member_arrive(m, msg, NULL, 0);
	free(msg);
}

static bool reconcile_member_kill_due(const struct cr_node_member *m, int64_t now)
{
	return m->ended && (!has_process(m) || now >= m->kill_ns);
}

static void kill_it(struct cr_node_member *m, int64_t now)
{
	m->left = cr_tree_kill(m);
}

/* What became of a member whose shepherd has not told it. */
static void reconcile_member_conclude(struct cr_node_member *m)
{
	cairn_MemberEvent *e = &m->last;
	int status = m->status;
	ssize_t n;

	e->has_id = true;
	e->id = m->id;
	e->operation = m->operation;
	e->state = m->state == cairn_MemberState_MEMBER_STARTING ? cairn_MemberState_MEMBER_FAILED :
								   cairn_MemberState_MEMBER_EXITED;
	if (m->fenced || (WIFEXITED(status) && WEXITSTATUS(status) == CR_EXIT_FENCED)) {
		e->state = cairn_MemberState_MEMBER_FENCED;
		snprintf(e->error, sizeof(e->error), "cut off from the coordinator");
	} else if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) < 128) {
		e->status = e->exit = WEXITSTATUS(status);
		n = m->report < 0 ? 0 : read(m->report, e->error, sizeof(e->error) - 1);
		e->error[n > 0 ? n : 0] = 0;
		if (e->state == cairn_MemberState_MEMBER_FAILED && n <= 0)
			snprintf(e->error, sizeof(e->error),
				 "ended with status %d before it ran: see its output", e->status);
	} else {
		e->signaled = true;
		e->status = 128 + (status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 9);
		if (status != -1 && WIFEXITED(status))
			e->status = WEXITSTATUS(status);
		snprintf(e->error, sizeof(e->error), "its shepherd was killed");
	}
}

/* Its last words may still lie in the socket; nobody holds that open any more. */
static bool reconcile_member_is_over(const struct cr_node_member *m, int64_t now)
{
	return m->ended && !has_process(m) && !m->left && (m->told || !m->client);
}

/* The end of one life, and the beginning of the next if it has been waiting for that. */
static void bury(struct cr_node_member *m, int64_t now)
{
	struct cr_node_parcel p = m->successor;
	struct cr_node *n = m->node;

	cr_images_given_up(m);
	if (!m->told)
		reconcile_member_conclude(m);
	if (!m->told || m->last.state != cairn_MemberState_MEMBER_EXITED)
		cr_outbox_put(n, &m->last);
	cr_say("job %s.%llu member %u epoch %u is over: %s%s%s", m->name,
	       (unsigned long long)m->id.job, m->id.member, m->id.epoch,
	       m->last.state == cairn_MemberState_MEMBER_FENCED ? "fenced" :
	       m->last.state == cairn_MemberState_MEMBER_FAILED ? "failed" :
								  "ended",
	       *m->last.error ? ": " : "", m->last.error);
	m->successor = (struct cr_node_parcel){ 0 };
	cr_node_member_free(m);
	if (p.msg.which_body)
		cr_node_start(n, &p.msg, p.payload, p.len);
	cr_parcel_free(&p);
}

/* Each that holds is applied; what is over is no more after the last. */
static const struct {
	const char *name;
	bool (*when)(const struct cr_node_member *m, int64_t now);
	void (*act)(struct cr_node_member *m, int64_t now);
} rules[] = {
	{ "its lease is over", lease_over, end_by_lease },
	{ "its shepherd has gone", deserted, end_deserted },
	{ "it waits for a coordinator that is away", waits_in_vain, give_up_operation },
	{ "nothing of it shall live", reconcile_member_kill_due, kill_it },
	{ "nothing of it lives", reconcile_member_is_over, bury },
};

static void reconcile(struct cr_node_member *m, int64_t now)
{
	size_t i;

	reconcile_member_look_at(m, &m->launcher);
	reconcile_member_look_at(m, &m->shepherd);
	for (i = 0; i < CR_ARRAY_SIZE(rules); i++)
		if (rules[i].when(m, now))
			rules[i].act(m, now);
}

static void reconcile_all(struct cr_node *n, int64_t now)
{
	struct cr_node_member *m, *next;

	n->dirty = false;
	for (m = n->members; m; m = next) {
		next = m->next;
		reconcile(m, now);
	}
}

void cr_node_turn(struct cr_node *n)
{
	int i;

	cr_lease_look(n);
	/* What is to end at once is killed in the round after the one that decides so. */
	for (i = 0; n->dirty && i < ROUNDS_MOST; i++)
		reconcile_all(n, cr_node_now());
}

void cr_members_tick(struct cr_node *n, int64_t now)
{
	struct cr_node_member *m;

	reconcile_all(n, now);
	if (now - n->looked_ns < LOOK_NS)
		return;
	n->looked_ns = now;
	for (m = n->members; m; m = m->next)
		if (!m->ended)
			cr_tree_look(m);
}
