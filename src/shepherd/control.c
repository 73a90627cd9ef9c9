// SPDX-License-Identifier: Apache-2.0
//
// The job's sockets: answers crctl. Only the job's own user (or root) is heard: others, who can
// reach an abstract name too, are cut off before anything is read. In the shepherd's loop, which
// waits for nobody's request; who sends none is cut off later.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.pb.h"
#include "shepherd/checkpoint.h"
#include "shepherd/control.h"
#include "shepherd/deaths.h"
#include "shepherd/interval.h"
#include "shepherd/safety.h"
#include "shepherd/shepherd.h"

#define CALLERS_MAX 64
#define ACCEPT_AT_ONCE 64

static void reply(struct cr_shepherd *sh, int fd, const cairn_ControlReply *r)
{
	cr_wire_send(fd, &sh->wire, cairn_ControlReply_fields, r, NULL, 0);
}

static void fill_stages(const struct cr_stages *s, cairn_ControlReply *r)
{
	cairn_StageTime *t;
	unsigned int i;

	r->stages_count = 0;
	for (i = 0; i < s->n; i++) {
		if (!cr_stages_took(s, i))
			continue;
		t = &r->stages[r->stages_count++];
		snprintf(t->stage, sizeof(t->stage), "%s", s->v[i]->name);
		t->ns = cr_stages_took(s, i);
	}
}

static void control_fill(struct cr_shepherd *sh, cairn_ControlReply *r)
{
	snprintf(r->job, sizeof(r->job), "%s", sh->name);
	snprintf(r->state, sizeof(r->state), "%s",
		 sh->ended	? "ended" :
		 sh->checkpoint ? cr_stages_name(&sh->checkpoint->stages) :
				  "running");
	snprintf(r->checkpoint, sizeof(r->checkpoint), "%s", sh->last_path);
	snprintf(r->directory, sizeof(r->directory), "%s", sh->directory);
	snprintf(r->failure, sizeof(r->failure), "%s", sh->failure);
	snprintf(r->last_error, sizeof(r->last_error), "%s", sh->last_error);
	fill_stages(sh->checkpoint ? &sh->checkpoint->stages : &sh->last_stages, r);
	r->stall_ns = sh->last_stall_ns;
	r->wall_ns = sh->last_wall_ns;
	cr_interval_why(sh, r->interval_why, sizeof(r->interval_why));
	r->has_interval_why = *r->interval_why;
	cr_unprotected(sh, r->unprotected_why, sizeof(r->unprotected_why));
	r->unprotected = *r->unprotected_why;
	r->last = true;
}

static void status(struct cr_shepherd *sh, int fd, cairn_ControlReply *r)
{
	cr_pids pids = { 0 };
	size_t i, still = 0, all = 0;

	sh->backend->pids(sh, &pids);
	for (i = 0; i < pids.n; i++) {
		cairn_ProcessStatus *p = &r->processes[r->processes_count];
		struct cr_proc_status st;

		if (cr_proc_status(sh->host_proc, pids.v[i], &st))
			continue;
		if (r->processes_count == CR_ARRAY_SIZE(r->processes)) {
			r->last = false;
			reply(sh, fd, r);
			r->processes_count = 0;
			p = &r->processes[0];
		}
		r->processes_count++;
		all++;
		still += st.state == 'T';
		memset(p, 0, sizeof(*p));
		p->host_pid = pids.v[i];
		p->pid = st.ns_pid ? st.ns_pid : pids.v[i];
		if (sh->virtual_ids)
			p->pid = cr_id_virtual(sh->ids, CR_ID_PROCESS, pids.v[i]);
		p->threads = st.threads;
		p->rss_bytes = st.rss;
		cr_proc_command(sh->host_proc, pids.v[i], p->command, sizeof(p->command));
	}
	free(pids.v);
	control_fill(sh, r);
	/* By job control, or by hand. It can be checkpointed so. */
	if (all && still == all && !sh->checkpoint && !sh->ended)
		snprintf(r->state, sizeof(r->state), "stopped");
	reply(sh, fd, r);
}

/* Ahead of the last reply: a finding each. */
static void send_finding(struct cr_shepherd *sh, int fd, const struct cr_remark *remark,
			 cairn_ControlReply *r)
{
	r->has_finding = true;
	r->finding.prevents = remark->prevents;
	snprintf(r->finding.text, sizeof(r->finding.text), "%s", remark->text);
	reply(sh, fd, r);
	r->has_finding = false;
}

void cr_control_finished(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cairn_ControlReply *r;
	size_t i;

	if (c->client < 0)
		return;
	r = calloc(1, sizeof(*r));
	if (r) {
		for (i = 0; c->intent == cairn_Intent_INTENT_CHECK && i < c->save.remarks.n; i++)
			send_finding(sh, c->client, &c->save.remarks.v[i], r);
		r->status = c->err.status;
		snprintf(r->error, sizeof(r->error), "%s", c->err.text);
		control_fill(sh, r);
		reply(sh, c->client, r);
	}
	free(r);
	cr_close_fd(&c->client);
}

static void control_start_next(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	struct cr_waiting next;
	struct cr_err err = { 0 };

	if (sh->checkpoint || !sh->waiting.n || sh->ended)
		return;
	next = sh->waiting.v[0];
	memmove(sh->waiting.v, sh->waiting.v + 1, --sh->waiting.n * sizeof(next));
	if (cr_checkpoint_start(sh, next.intent, next.client, &err))
		close(next.client);
}

void cr_control_next(struct cr_shepherd *sh)
{
	const struct timeval now = { 0, 0 };

	if (sh->waiting.n)
		event_base_once(sh->base, -1, EV_TIMEOUT, control_start_next, sh, &now);
}

static bool wait_in_line(struct cr_shepherd *sh, int fd, cairn_Intent intent)
{
	struct cr_waiting *w = sh->checkpoint ? cr_list_add(&sh->waiting) : NULL;

	if (w)
		*w = (struct cr_waiting){ fd, intent };
	return w;
}

/* Its members do such things together. */
static bool in_cluster(const struct cr_shepherd *sh, struct cr_err *err)
{
	cr_fail(err, CR_EXIT_CLUSTER, 0,
		"%s is a member of a cluster's job: ask with crctl --coordinator", sh->name);
	return true;
}

static bool control_is_checkpoint(cairn_Intent intent)
{
	return intent == cairn_Intent_INTENT_CHECKPOINT || intent == cairn_Intent_INTENT_STOP ||
	       intent == cairn_Intent_INTENT_CHECK;
}

/* Whether the connection stays open for a later answer. */
static bool obey(struct cr_shepherd *sh, int fd, const cairn_ControlRequest *q,
		 cairn_ControlReply *r)
{
	struct cr_err err = { 0 };

	switch (q->verb) {
	case cairn_Verb_VERB_STATUS:
		status(sh, fd, r);
		return false;
	case cairn_Verb_VERB_KILL:
		if (sh->cluster.active && in_cluster(sh, &err))
			break;
		cr_end_job(sh);
		break;
	case cairn_Verb_VERB_OPERATE:
		if (!control_is_checkpoint(q->intent)) {
			cr_fail(&err, CR_EXIT_USAGE, 0, "unknown intent %d", q->intent);
			break;
		}
		if (sh->cluster.active && in_cluster(sh, &err))
			break;
		if (sh->ended)
			cr_fail(&err, CR_EXIT_NOT_FOUND, 0, "the job %s has ended", sh->name);
		else if (wait_in_line(sh, fd, q->intent))
			return true;
		else if (!cr_checkpoint_start(sh, q->intent, fd, &err))
			return true;
		break;
	default:
		cr_fail(&err, CR_EXIT_USAGE, 0, "unknown request %d", q->verb);
	}
	r->status = err.status;
	snprintf(r->error, sizeof(r->error), "%s", err.text);
	control_fill(sh, r);
	reply(sh, fd, r);
	return false;
}

/* A client whose request has not come yet. */
struct cr_caller {
	struct cr_shepherd *sh;
	struct event *event;
	int fd;
};

static void control_hang_up(struct cr_caller *k)
{
	k->sh->callers--;
	if (k->event)
		event_free(k->event);
	cr_close_fd(&k->fd);
	free(k);
}

/* False: the request has not come. */
static bool control_hear(struct cr_caller *k)
{
	cairn_ControlRequest q = cairn_ControlRequest_init_zero;
	int ret = cr_wire_recv(k->fd, &k->sh->wire, cairn_ControlRequest_fields, &q, NULL, NULL,
			       MSG_DONTWAIT);
	cairn_ControlReply *r;

	if (ret == -EAGAIN)
		return false;
	r = ret == 1 ? calloc(1, sizeof(*r)) : NULL;
	if (r && obey(k->sh, k->fd, &q, r))
		k->fd = -1;
	free(r);
	control_hang_up(k);
	return true;
}

static void control_on_request(int fd, short what, void *arg)
{
	if (what & EV_TIMEOUT || !control_hear(arg))
		control_hang_up(arg);
}

/* The kernel says who it is, before anything is read of what he sends. */
static bool control_is_ours(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (peer.uid == geteuid() || !peer.uid);
}

static void control_listen_to(struct cr_shepherd *sh, int fd)
{
	const struct timeval second = { 1, 0 }, patience = { 10, 0 };
	struct cr_caller *k =
		sh->callers < CALLERS_MAX && control_is_ours(fd) ? calloc(1, sizeof(*k)) : NULL;

	if (!k) {
		close(fd);
		return;
	}
	/* Who does not read his answer must not hold us up. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	*k = (struct cr_caller){ .sh = sh, .fd = fd };
	sh->callers++;
	if (control_hear(k))
		return;
	k->event = event_new(sh->base, fd, EV_READ, control_on_request, k);
	if (!k->event || event_add(k->event, &patience))
		control_hang_up(k);
}

void cr_control_accept(int listening, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	int i, fd;

	/* Not more, so that a flood does not keep us from everything else. */
	for (i = 0; i < ACCEPT_AT_ONCE; i++) {
		fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return;
		control_listen_to(sh, fd);
	}
}
