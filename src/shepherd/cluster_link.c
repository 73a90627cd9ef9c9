// SPDX-License-Identifier: Apache-2.0
//
// A member's link to crnode, and its lease. Runs in the shepherd's loop, and blocks only while the
// job stands still or is being restored (gather). The lease is looked at by the shepherd itself,
// whatever has become of crnode: when it has passed, somebody else may be told to go on with the
// job, so every process of it is killed. crnode may go away and come back at any time.
#include "shepherd/cluster_link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/lease_page.h"
#include "common/piece.h"
#include "common/step.h"
#include "net/net_frame.h"
#include "shepherd/asks.h"
#include "shepherd/checkpoint.h"
#include "shepherd/deaths.h"
#include "shepherd/shepherd.h"

#define SEND_MS 5000
#define STEP_MS 600000 /* the coordinator ends an operation long before */
#define RETRY_US 100000
#define TELL_NS 5000000000ll
#define LAST_WORDS_MS 5000

/* ---- the lease ---- */

static void cluster_link_set_timer(struct cr_cluster *c)
{
	int64_t left = c->lease_until - cr_host_boottime_ns();
	struct itimerspec t = { .it_value = { 0, 1 } };

	if (left > 0)
		t.it_value = (struct timespec){ left / 1000000000, left % 1000000000 + 1 };
	if (t.it_value.tv_nsec > 999999999)
		t.it_value.tv_nsec = 999999999;
	if (c->lease_fd >= 0)
		timerfd_settime(c->lease_fd, 0, &t, NULL);
}

/* Processes that the kernel has killed for want of memory, in all cgroups; 0: not known. */
static uint64_t oom_kills(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	char line[128];
	uint64_t n = 0;

	/* One more than there were, so that none is not the same as not known. */
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "oom_kill ", 9))
			n = strtoull(line + 9, NULL, 10) + 1;
	if (f)
		fclose(f);
	return n;
}

static void renew(struct cr_cluster *c, const cairn_Lease *lease)
{
	int64_t until = lease->until_ns;

	if (!until)
		until = cr_host_boottime_ns() + lease->ms * 1000000ll;
	if (until > c->lease_until)
		c->lease_until = until;
	cluster_link_set_timer(c);
	c->oom_kills[1] = c->oom_kills[0];
	c->oom_kills[0] = oom_kills();
}

static void measure(struct cr_shepherd *sh, cairn_MemberEvent *e)
{
	struct cr_proc_status st;
	cr_pids pids = { 0 };
	size_t i;

	sh->backend->pids(sh, &pids);
	e->processes = pids.n;
	for (i = 0; i < pids.n; i++)
		if (!cr_proc_status(sh->host_proc, pids.v[i], &st))
			e->rss_bytes += st.rss;
	free(pids.v);
}

/* For who asks the coordinator. Not while everyone stands still. */
static void cluster_link_tell_size(struct cr_cluster *c)
{
	cairn_MemberEvent e = { .state = cairn_MemberState_MEMBER_RUNNING };
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);

	if (c->operation || c->sh->ended || !c->lease_event ||
	    (c->told_ns && now - c->told_ns < TELL_NS))
		return;
	c->told_ns = now;
	measure(c->sh, &e);
	cr_cluster_tell(c, &e);
}

/* Only the crnode that we are connected to can have written it. */
static void map_page(struct cr_cluster *c)
{
	char path[sizeof(c->socket) + sizeof(CR_LEASE_PAGE_SUFFIX)];
	struct cr_lease_page *p;
	cr_auto_fd fd = -1;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct stat st;

	snprintf(path, sizeof(path), "%s" CR_LEASE_PAGE_SUFFIX, c->socket);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (c->page || fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || st.st_uid != peer.uid ||
	    st.st_mode & 022 || st.st_size < (off_t)sizeof(*p))
		return;
	p = mmap(NULL, sizeof(*p), PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || p->magic != CR_LEASE_PAGE_MAGIC)
		return;
	c->page = p;
	c->generation = atomic_load(&p->generation);
}

/* It may have been made longer while crnode had no time to say so, or we none to listen. */
static void look_at_page(struct cr_cluster *c)
{
	int64_t until = c->page ? atomic_load(&c->page->until_ns) : 0;

	if (until <= c->lease_until || atomic_load(&c->page->generation) != c->generation)
		return;
	c->lease_until = until;
	cluster_link_set_timer(c);
}

static bool passed(struct cr_cluster *c)
{
	look_at_page(c);
	return cr_host_boottime_ns() >= c->lease_until;
}

static void fence(struct cr_cluster *c)
{
	struct cr_shepherd *sh = c->sh;

	if (!c->fenced)
		cr_say("%s: cut off from the cluster for longer than its lease: ended here",
		       sh->name);
	c->fenced = true;
	cr_fail(&c->why, CR_EXIT_FENCED, 0, "cut off from the cluster");
	sh->exit_status = CR_EXIT_FENCED;
	cr_end_job(sh);
	cr_checkpoint_release(sh, false);
}

/* ---- the link ---- */

static void on_link(int fd, short what, void *arg);

static void link_lost(struct cr_cluster *c)
{
	const struct timeval soon = { 0, RETRY_US };

	if (c->link_event)
		event_free(c->link_event);
	c->link_event = NULL;
	cr_close_fd(&c->fd);
	/* One that waits for the end of all others has nothing to give up. */
	if (c->operation && !(c->sh->checkpoint && c->sh->checkpoint->held)) {
		cr_fail(&c->why, CR_EXIT_CLUSTER, 0, "crnode went away");
		c->cut_off |= !c->aborted;
		c->aborted = true;
	}
	if (c->asked) {
		struct cr_err err = { 0 };

		c->asked = 0;
		cr_fail(&err, CR_EXIT_CLUSTER, 0,
			"crnode went away while the job's checkpoint was asked for");
		cr_asks_told(c->sh, 0, &err);
	}
	if (c->retry_event)
		event_add(c->retry_event, &soon);
}

static bool send_out(struct cr_cluster *c, const void *payload, size_t len)
{
	if (c->fd >= 0 &&
	    !cr_frame_send(c->fd, cairn_ClusterMsg_fields, &c->out, payload, len, SEND_MS))
		return true;
	if (c->fd >= 0)
		link_lost(c);
	return false;
}

static void *begin_out(struct cr_cluster *c, pb_size_t which)
{
	memset(&c->out, 0, sizeof(c->out));
	c->out.which_body = which;
	return &c->out.body;
}

static bool send_here(struct cr_cluster *c)
{
	cairn_Here *here = begin_out(c, cairn_ClusterMsg_here_tag);

	here->id = c->id;
	here->has_id = true;
	here->pid = getpid();
	here->operation = c->operation;
	snprintf(here->name, sizeof(here->name), "%s", c->sh->name);
	snprintf(here->directory, sizeof(here->directory), "%s", c->directory);
	return send_out(c, NULL, 0);
}

static void watch_link(struct cr_cluster *c)
{
	c->link_event = event_new(c->sh->base, c->fd, EV_READ | EV_PERSIST, on_link, c);
	event_add(c->link_event, NULL);
}

/* Else the others would wait for us until the coordinator loses its patience. */
static void tell_outcome(struct cr_cluster *c)
{
	if (c->written.operation) {
		*(cairn_MemberEvent *)begin_out(c, cairn_ClusterMsg_event_tag) = c->written;
		if (send_out(c, NULL, 0))
			c->written.operation = 0;
	}
	if (c->failed.operation) {
		*(cairn_Abort *)begin_out(c, cairn_ClusterMsg_abort_tag) = c->failed;
		if (send_out(c, NULL, 0))
			c->failed.operation = 0;
	}
}

static void on_retry(int fd, short what, void *arg)
{
	const struct timeval soon = { 0, RETRY_US };
	struct cr_cluster *c = arg;

	if (c->fd >= 0)
		return;
	c->fd = cr_client_again(c->socket);
	if (c->fd < 0) {
		event_add(c->retry_event, &soon);
		return;
	}
	if (!send_here(c))
		return;
	watch_link(c);
	tell_outcome(c);
}

bool cr_cluster_tell(struct cr_cluster *c, cairn_MemberEvent *event)
{
	cairn_MemberEvent *to;

	if (!c->active)
		return true;
	to = begin_out(c, cairn_ClusterMsg_event_tag);
	*to = *event;
	to->id = c->id;
	to->has_id = true;
	to->operation = c->operation;
	return send_out(c, NULL, 0);
}

int cr_cluster_ask(struct cr_cluster *c, struct cr_err *err)
{
	cairn_Request *q = begin_out(c, cairn_ClusterMsg_request_tag);

	/* By its number: two users may have jobs of one name. */
	q->ask = cairn_Ask_ASK_CHECKPOINT;
	q->id = ++c->asks;
	q->from = c->id;
	q->has_from = true;
	if (!send_out(c, NULL, 0))
		return cr_fail(err, CR_EXIT_CLUSTER, 0, "crnode is away");
	c->asked = q->id;
	return 0;
}

static void cluster_link_on_answer(struct cr_cluster *c, const cairn_Reply *r)
{
	struct cr_err err = { 0 };

	if (!r->last)
		return;
	c->asked = 0;
	if (r->status)
		cr_fail(&err, r->status, 0, "%s", r->error);
	cr_asks_told(c->sh, r->row.job.number, &err);
}

void cr_cluster_failed(struct cr_cluster *c, const struct cr_err *err)
{
	if (!c->active || !c->operation || (c->aborted && !c->cut_off))
		return;
	c->aborted = true;
	c->cut_off = false;
	c->why = *err;
	c->failed = (cairn_Abort){ .has_id = true, .id = c->id, .operation = c->operation };
	c->failed.status = err->status;
	snprintf(c->failed.error, sizeof(c->failed.error), "%s", err->text);
	tell_outcome(c);
}

/* ---- what comes ---- */

static bool cluster_link_ours(const struct cr_cluster *c, const cairn_MemberId *id)
{
	return id->job == c->id.job && id->member == c->id.member && id->epoch == c->id.epoch;
}

/* An older coordinator says it without the word. */
static cairn_Intent cluster_link_intent_of(const cairn_Checkpoint *k)
{
	return k->intent ? k->intent :
	       k->check	 ? cairn_Intent_INTENT_CHECK :
	       k->stop	 ? cairn_Intent_INTENT_STOP :
			   cairn_Intent_INTENT_CHECKPOINT;
}

static void start_checkpoint(struct cr_cluster *c, const cairn_Checkpoint *k)
{
	struct cr_err err = { 0 };

	if (c->operation || c->sh->ended) {
		/* Of an order that was given while the one before ended; it is not obeyed. */
		cairn_Abort *abort = begin_out(c, cairn_ClusterMsg_abort_tag);

		abort->id = c->id;
		abort->has_id = true;
		abort->operation = k->operation;
		abort->status = CR_EXIT_EXISTS;
		snprintf(abort->error, sizeof(abort->error), "member %u is %s", c->id.member,
			 c->sh->ended ? "at its end" : "still busy with the one before");
		send_out(c, NULL, 0);
		return;
	}
	c->operation = k->operation;
	c->number = k->number;
	c->gather.members = k->members ? k->members : 1;
	c->aborted = c->cut_off = c->finished = false;
	c->written.operation = c->failed.operation = 0;
	cr_err_clear(&c->why);
	if (cr_checkpoint_start(c->sh, cluster_link_intent_of(k), -1, &err)) {
		cr_cluster_failed(c, &err);
		c->operation = 0;
	}
}

static void obey_kill(struct cr_cluster *c, const cairn_Kill *k)
{
	struct cr_shepherd *sh = c->sh;

	if (k->signal) {
		if (sh->root_status < 0)
			kill(sh->root, k->signal);
		return;
	}
	c->finished = true;
	cr_fail(&c->why, CR_EXIT_STOPPED, 0, "the job was ended");
	c->aborted = true;
	if (sh->checkpoint && sh->checkpoint->held) {
		cr_checkpoint_release(sh, true);
		return;
	}
	cr_end_job(sh);
}

static void obey_abort(struct cr_cluster *c, const cairn_Abort *a)
{
	if (!c->operation || a->operation != c->operation)
		return;
	cr_fail(&c->why, a->status ? (int)a->status : CR_EXIT_CLUSTER, 0, "%s",
		*a->error ? a->error : "given up by another member");
	c->aborted = true;
	cr_checkpoint_release(c->sh, false);
}

/* true if it was an Advance of ours, whose payload the caller takes. */
static bool cluster_link_handle(struct cr_cluster *c, bool waiting)
{
	cairn_ClusterMsg *in = &c->in;

	switch (in->which_body) {
	case cairn_ClusterMsg_lease_tag:
		renew(c, &in->body.lease);
		cluster_link_tell_size(c);
		break;
	case cairn_ClusterMsg_advance_tag:
		return cluster_link_ours(c, &in->body.advance.id);
	case cairn_ClusterMsg_abort_tag:
		if (cluster_link_ours(c, &in->body.abort.id))
			obey_abort(c, &in->body.abort);
		break;
	case cairn_ClusterMsg_kill_tag:
		if (cluster_link_ours(c, &in->body.kill.id))
			obey_kill(c, &in->body.kill);
		break;
	case cairn_ClusterMsg_checkpoint_tag:
		if (cluster_link_ours(c, &in->body.checkpoint.id) && !waiting)
			start_checkpoint(c, &in->body.checkpoint);
		break;
	case cairn_ClusterMsg_reply_tag:
		if (c->asked && in->body.reply.id == c->asked) {
			cluster_link_on_answer(c, &in->body.reply);
			break;
		}
		/* To Here: the cluster does not know this member any more. */
		if (in->body.reply.status) {
			cr_say("%s: %s", c->sh->name, in->body.reply.error);
			fence(c);
		}
		break;
	}
	return false;
}

/* 1: a message is in c->in; 0: none is there; the link may be lost after it. */
static int cluster_link_receive(struct cr_cluster *c, void **payload, size_t *len, int timeout_ms)
{
	int ret;

	*payload = NULL;
	*len = 0;
	if (c->fd < 0)
		return 0;
	ret = cr_frame_recv(c->fd, cairn_ClusterMsg_fields, &c->in, payload, len, timeout_ms);
	if (ret == 1)
		return 1;
	if (ret != -ETIMEDOUT && ret != -EAGAIN)
		link_lost(c);
	return 0;
}

static void cluster_link_drain(struct cr_cluster *c, bool waiting)
{
	void *payload;
	size_t len;

	while (cluster_link_receive(c, &payload, &len, 0)) {
		cluster_link_handle(c, waiting);
		free(payload);
	}
}

static void on_link(int fd, short what, void *arg)
{
	struct cr_cluster *c = arg;

	cluster_link_drain(c, false);
	if (passed(c))
		fence(c);
}

static void on_lease(int fd, short what, void *arg)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	on_link(fd, what, arg);
}

/* Whether to go on, as far as is known. */
static int cluster_link_verdict(struct cr_cluster *c, struct cr_err *err)
{
	if (passed(c))
		fence(c);
	if (!c->fenced && !c->aborted)
		return 0;
	return cr_fail(err, c->why.status, 0, "%s", c->why.text);
}

int cr_cluster_check(struct cr_cluster *c, struct cr_err *err)
{
	if (!c->active || !c->operation)
		return 0;
	cluster_link_drain(c, true);
	return cluster_link_verdict(c, err);
}

/* ---- gather ---- */

static uint32_t number_at(const unsigned char *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Takes over the payload of an Advance. */
static int cluster_link_unpack(void *payload, size_t len, struct cr_gathered *out)
{
	unsigned char *at = payload, *end = at + len;
	size_t n = 0;

	for (; (size_t)(end - at) >= 8 && number_at(at + 4) <= (size_t)(end - at) - 8; n++)
		at += 8 + number_at(at + 4);
	*out = (struct cr_gathered){ .n = n, .room = payload };
	out->v = calloc(n + 1, sizeof(*out->v));
	if (!out->v || at != end) {
		cr_gathered_free(out);
		return -EPROTO;
	}
	for (at = payload, n = 0; n < out->n; n++) {
		out->v[n].member = number_at(at);
		out->v[n].len = number_at(at + 4);
		out->v[n].data = at + 8;
		at += 8 + out->v[n].len;
	}
	return 0;
}

static int gather_check(struct cr_gather *g, struct cr_err *err)
{
	return cr_cluster_check(
		(struct cr_cluster *)((char *)g - offsetof(struct cr_cluster, gather)), err);
}

static int gather(struct cr_gather *g, cairn_Step step, const void *mine, size_t len,
		  struct cr_gathered *out, struct cr_err *err)
{
	struct cr_cluster *c =
		(struct cr_cluster *)((char *)g - offsetof(struct cr_cluster, gather));
	cairn_Arrive *arrive;
	void *payload;
	size_t got;
	int ret, tries;

	*out = (struct cr_gathered){ 0 };
	ret = cr_cluster_check(c, err);
	if (ret)
		return ret;
	arrive = begin_out(c, cairn_ClusterMsg_arrive_tag);
	arrive->id = c->id;
	arrive->has_id = true;
	arrive->operation = c->operation;
	arrive->at = step;
	snprintf(arrive->step, sizeof(arrive->step), "%s", cr_step_name(step));
	send_out(c, mine, len);
	for (tries = 0; tries < STEP_MS / 100; tries++) {
		bool came = cluster_link_receive(c, &payload, &got, 100);

		/* A lease that has come to its end may have been renewed in what comes now. */
		if (!came)
			ret = cluster_link_verdict(c, err);
		if (ret)
			return ret;
		if (!came)
			continue;
		if (cluster_link_handle(c, true) && c->in.body.advance.operation == c->operation &&
		    cr_step_of(c->in.body.advance.at, c->in.body.advance.step) == step) {
			ret = cluster_link_unpack(payload, got, out);
			return ret ? cr_fail(err, CR_EXIT_CLUSTER, -ret, "step %s",
					     cr_step_name(step)) :
				     0;
		}
		free(payload);
	}
	return cr_fail(err, CR_EXIT_CLUSTER, ETIMEDOUT, "waiting for the other members (%s)",
		       cr_step_name(step));
}

int cr_cluster_barrier(struct cr_cluster *c, cairn_Step step, struct cr_err *err)
{
	struct cr_gathered all;
	int ret;

	if (!c->active || !c->operation)
		return 0;
	ret = c->gather.all(&c->gather, step, NULL, 0, &all, err);
	cr_gathered_free(&all);
	return ret;
}

/* ---- begin and end ---- */

void cr_cluster_init(struct cr_cluster *c, struct cr_shepherd *sh)
{
	c->sh = sh;
	c->active = true;
	c->lease_fd = -1;
	c->gather.all = gather;
	c->gather.check = gather_check;
	c->gather.member = c->id.member;
	snprintf(sh->directory, sizeof(sh->directory), "%s", c->directory);
	map_page(c);
}

void cr_cluster_begin(struct cr_cluster *c)
{
	cairn_MemberEvent running = { .state = cairn_MemberState_MEMBER_RUNNING };
	struct event_base *base;

	if (!c->active)
		return;
	base = c->sh->base;
	c->lease_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	c->lease_event = event_new(base, c->lease_fd, EV_READ | EV_PERSIST, on_lease, c);
	c->retry_event = event_new(base, -1, 0, on_retry, c);
	event_add(c->lease_event, NULL);
	cluster_link_set_timer(c);
	cr_cluster_tell(c, &running);
	c->operation = 0;
	if (c->fd >= 0)
		watch_link(c);
	else
		on_retry(-1, 0, c);
}

void cr_cluster_pieces(struct cr_cluster *c, const cairn_PageRuns *runs)
{
	struct cr_piece pieces[CR_ARRAY_SIZE(runs->runs)] = { 0 };
	cairn_Pieces *to;
	size_t i, n = 0;

	if (!c->active || !c->operation || c->fd < 0)
		return;
	for (i = 0; i < runs->runs_count; i++) {
		const cairn_PageRun *r = &runs->runs[i];

		if (r->codec != cairn_Codec_CODEC_RAW && r->codec != cairn_Codec_CODEC_LZ4)
			continue;
		pieces[n++] = (struct cr_piece){ .offset = r->offset,
						 .xxh3 = r->xxh3,
						 .stored = r->stored,
						 .pages = r->pages,
						 .file = CR_PIECE_PACK,
						 .codec = r->codec };
	}
	if (!n)
		return;
	to = begin_out(c, cairn_ClusterMsg_pieces_tag);
	to->id = c->id;
	to->has_id = true;
	to->number = c->number;
	send_out(c, pieces, n * sizeof(*pieces));
}

static void tell_findings(struct cr_cluster *c, const struct cr_checkpoint *k)
{
	size_t i;

	for (i = 0; i < k->save.remarks.n; i++) {
		cairn_MemberFinding *f = begin_out(c, cairn_ClusterMsg_finding_tag);

		f->id = c->id;
		f->has_id = true;
		f->member = c->id.member;
		f->prevents = k->save.remarks.v[i].prevents;
		snprintf(f->text, sizeof(f->text), "%s", k->save.remarks.v[i].text);
		send_out(c, NULL, 0);
	}
}

void cr_cluster_finished(struct cr_cluster *c, struct cr_checkpoint *k)
{
	cairn_MemberEvent e = { .state = cairn_MemberState_MEMBER_WRITTEN, .number = c->number };

	if (!c->active || !c->operation)
		return;
	if (k->intent == cairn_Intent_INTENT_CHECK)
		tell_findings(c, k);
	if (k->err.status)
		cr_cluster_failed(c, &k->err);
	if (!k->err.status) {
		measure(c->sh, &e);
		e.stall_ns = k->stall_ns;
		e.wall_ns = cr_now_ns(CLOCK_MONOTONIC) - k->begin_ns;
		e.image_bytes = k->manifest.files[0].size + k->manifest.files[1].size;
		if (!cr_cluster_tell(c, &e))
			c->written = c->out.body.event;
	}
	if (!k->held)
		c->operation = 0;
}

void cr_cluster_end(struct cr_cluster *c, int status, bool signaled)
{
	cairn_MemberEvent e = { .status = status, .signaled = signaled };
	int tries;

	if (!c->active)
		return;
	e.state = c->fenced ? cairn_MemberState_MEMBER_FENCED : cairn_MemberState_MEMBER_EXITED;
	/* Nobody else tells whom, so shortly before must do. */
	e.out_of_memory = signaled && status == 128 + SIGKILL && c->oom_kills[1] &&
			  oom_kills() > c->oom_kills[1];
	e.stopped = c->sh->exit_status == CR_EXIT_STOPPED;
	for (tries = 0; tries < LAST_WORDS_MS / 100; tries++) {
		if (c->fd < 0) {
			c->fd = cr_client_again(c->socket);
			if (c->fd >= 0 && send_here(c))
				tell_outcome(c);
		}
		if (cr_cluster_tell(c, &e))
			break;
		usleep(RETRY_US);
	}
	/* What was sent is read by crnode although we end. */
	if (c->fd >= 0)
		shutdown(c->fd, SHUT_WR);
	cr_close_fd(&c->fd);
}
