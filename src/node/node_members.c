// SPDX-License-Identifier: Apache-2.0
//
// The members of jobs on this node. One is here from its start or join until none of its processes
// lives; what became of it is told only then, as it may be started elsewhere at once. That
// crnode ends or comes back changes nothing of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "node/member_tree.h"
#include "node/message.h"
#include "node/node.h"
#include "node/node_images.h"
#include "node/node_lease.h"
#include "node/node_members.h"
#include "node/node_run.h"
#include "node/outbox.h"

#define WAITING_MAX 64
#define AFTERWARDS_MS 1000 /* for a shepherd to end after it has told that it failed */
#define COMMIT_MS 30000 /* after it has told that its member ended: it may be writing */

struct cr_node_member *cr_member_of(struct cr_node *n, const cairn_MemberId *id)
{
	struct cr_node_member *m;

	for (m = n->members; m; m = m->next)
		if (m->id.job == id->job && m->id.member == id->member && m->id.epoch == id->epoch)
			return m;
	return NULL;
}

unsigned int cr_members_count(const struct cr_node *n)
{
	const struct cr_node_member *m;
	unsigned int count = 0;

	for (m = n->members; m; m = m->next)
		count++;
	return count;
}

struct cr_node_member *cr_node_member(struct cr_node *n, const cairn_MemberId *id)
{
	struct cr_node_member *m = cr_xcalloc(1, sizeof(*m));

	m->node = n;
	m->id = *id;
	m->state = cairn_MemberState_MEMBER_STARTING;
	m->launcher.fd = m->shepherd.fd = m->status = m->report = -1;
	m->next = n->members;
	n->members = m;
	n->known_changed = true;
	return m;
}

void cr_pid_unwatch(struct cr_node_pid *p)
{
	if (p->event)
		event_free(p->event);
	p->event = NULL;
	cr_close_fd(&p->fd);
}

void cr_node_member_free(struct cr_node_member *m)
{
	struct cr_node_member **p = &m->node->members;
	size_t i;

	while (*p != m)
		p = &(*p)->next;
	*p = m->next;
	m->node->known_changed = true;
	if (m->client)
		m->client->member = NULL;
	for (i = 0; i < m->waiting.n; i++)
		cr_parcel_free(&m->waiting.v[i]);
	free(m->waiting.v);
	cr_parcel_free(&m->arrive);
	cr_parcel_free(&m->successor);
	cr_pid_unwatch(&m->launcher);
	cr_pid_unwatch(&m->shepherd);
	cr_close_fd(&m->report);
	free(m->seen.v);
	free(m);
}

/* ---- its processes ---- */

static void on_pid(int fd, short what, void *arg)
{
	struct cr_node_member *m = arg;

	cr_node_dirty(m->node);
}

bool cr_member_watch(struct cr_node_member *m, struct cr_node_pid *p, pid_t pid, uint64_t start)
{
	if (p->pid == pid && p->fd >= 0)
		return true;
	cr_pid_unwatch(p);
	p->pid = pid;
	p->start = start ? start : cr_pid_start(pid);
	p->fd = pid > 0 ? syscall(SYS_pidfd_open, pid, 0) : -1;
	/* The number may be another's by now. */
	if (p->fd >= 0 && cr_pid_start(pid) != p->start)
		cr_close_fd(&p->fd);
	if (p->fd < 0)
		return false;
	p->event = event_new(m->node->base, p->fd, EV_READ, on_pid, m);
	if (p->event)
		event_add(p->event, NULL);
	m->node->known_changed = true;
	return true;
}

void cr_member_shepherd(struct cr_node_member *m, struct cr_node_client *c)
{
	struct cr_node *n = m->node;
	cairn_ClusterMsg *msg = cr_node_message(n, cairn_ClusterMsg_reply_tag);
	cairn_Joined *j = &msg->body.reply.row.joined;
	char folder[CR_PATH_MAX] = "";
	struct cr_err err = { 0 };
	size_t i;

	if (m->client && m->client != c)
		m->client->member = NULL;
	m->client = c;
	c->member = m;
	cr_link_release(c->link);
	cr_member_watch(m, &m->shepherd, c->pid, 0);
	cr_images_folder(m, folder, &err);
	msg->body.reply.last = true;
	msg->body.reply.which_row = cairn_Reply_joined_tag;
	j->has_id = true;
	j->id = m->id;
	snprintf(j->name, sizeof(j->name), "%s", m->name);
	snprintf(j->directory, sizeof(j->directory), "%.1000s", folder);
	snprintf(j->node, sizeof(j->node), "%s", n->name);
	for (i = 0; i < n->naddresses; i++)
		snprintf(j->addresses[i], sizeof(j->addresses[i]), "%s", n->addresses[i]);
	j->addresses_count = n->naddresses;
	j->members = m->members;
	j->operation = m->operation;
	j->lease_ms = cr_lease_left(n);
	cr_local_send(c, msg, NULL, 0);
	cr_lease_tell(n, m);
	for (i = 0; i < m->waiting.n; i++) {
		cr_local_send(c, &m->waiting.v[i].msg, m->waiting.v[i].payload,
			      m->waiting.v[i].len);
		cr_parcel_free(&m->waiting.v[i]);
	}
	m->waiting.n = 0;
}

/* ---- what it tells, and what it is told ---- */

void cr_member_event(struct cr_node_member *m, const cairn_MemberEvent *e)
{
	bool last = e->state == cairn_MemberState_MEMBER_EXITED ||
		    e->state == cairn_MemberState_MEMBER_FENCED ||
		    (e->state == cairn_MemberState_MEMBER_FAILED &&
		     m->state == cairn_MemberState_MEMBER_STARTING);

	if (m->ended && m->told)
		return;
	if (last) {
		m->told = true;
		m->last = *e;
		m->state = e->state;
		/* Whoever has said so is alone; but who waits need not wait for its end. */
		if (e->state == cairn_MemberState_MEMBER_EXITED)
			cr_outbox_put(m->node, e);
		cr_member_end(m, e->state == cairn_MemberState_MEMBER_EXITED ? COMMIT_MS :
									       AFTERWARDS_MS);
		return;
	}
	if (e->state == cairn_MemberState_MEMBER_RUNNING)
		m->state = e->state;
	if (e->state == cairn_MemberState_MEMBER_WRITTEN)
		cr_images_written(m, e->number);
	if (e->state == cairn_MemberState_MEMBER_FAILED)
		cr_images_given_up(m);
	m->node->known_changed = true;
	cr_outbox_put(m->node, e);
}

void cr_member_arrive(struct cr_node_member *m, const cairn_ClusterMsg *msg, const void *payload,
		      size_t len)
{
	cr_parcel_fill(&m->arrive, msg, payload, len);
	cr_uplink_send(m->node, &m->arrive.msg, payload, len);
}

void cr_member_pass(struct cr_node *n, const cairn_MemberId *id, const cairn_ClusterMsg *msg,
		    const void *payload, size_t len)
{
	struct cr_node_member *m = cr_member_of(n, id);

	if (!m || m->ended)
		return;
	if (msg->which_body == cairn_ClusterMsg_advance_tag ||
	    msg->which_body == cairn_ClusterMsg_abort_tag)
		cr_parcel_free(&m->arrive);
	if (m->client) {
		cr_local_send(m->client, msg, payload, len);
		return;
	}
	if (m->waiting.n < WAITING_MAX)
		cr_parcel_fill(cr_xlist_add(&m->waiting), msg, payload, len);
}

void cr_members_report(struct cr_node *n)
{
	struct cr_node_member *m;

	for (m = n->members; m; m = m->next) {
		cairn_ClusterMsg *msg = cr_node_message(n, cairn_ClusterMsg_event_tag);

		if (m->ended && m->told && m->last.state == cairn_MemberState_MEMBER_EXITED)
			continue;
		msg->body.event.has_id = true;
		msg->body.event.id = m->id;
		/* While it is being ended it is there: it must not be started elsewhere yet. */
		msg->body.event.state = m->ended ? cairn_MemberState_MEMBER_STARTING : m->state;
		msg->body.event.operation = m->operation;
		cr_uplink_send(n, msg, NULL, 0);
	}
	cr_outbox_again(n);
	for (m = n->members; m; m = m->next)
		if (m->arrive.msg.which_body && !m->ended)
			cr_uplink_send(n, &m->arrive.msg, m->arrive.payload, m->arrive.len);
}

/* ---- its end ---- */

void cr_member_end(struct cr_node_member *m, unsigned int ms)
{
	int64_t at = cr_node_now() + ms * 1000000ll;

	m->ended = true;
	if (!m->kill_ns || at < m->kill_ns)
		m->kill_ns = at;
	cr_node_dirty(m->node);
}
