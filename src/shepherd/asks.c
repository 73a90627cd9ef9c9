// SPDX-License-Identifier: Apache-2.0
//
// What processes of the job ask by cairn.h. Each question is a connection of its own that ends with
// its answer, and nobody is kept waiting: whoever wants a checkpoint asks again until it is there.
// Runs in the shepherd's loop, and while the job is being stopped, as one that is to stop may wait
// for an answer. Who has asked before the job stands still shares that checkpoint, others the next.
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shepherd/asks.h"
#include "shepherd/checkpoint.h"
#include "shepherd/interval.h"
#include "shepherd/shepherd.h"

#define ASKERS_MAX 1024
#define DEPTH_MAX 10000 /* of the tree, should it change while we look */
#define KEEP_NS 60000000000ll /* results that nobody comes for */
#define TOGETHER_US 2000 /* others may ask at the same time */

/* A connection whose question has not come yet. */
struct cr_asker {
	struct cr_asker *next;
	struct cr_shepherd *sh;
	struct event *event;
	struct ucred peer;
	int fd;
};

/* Somebody who wants a checkpoint. */
struct cr_ask {
	struct cr_ask *next;
	pid_t pid;
	uint32_t tid, number;
	uint32_t checkpoint; /* that it is in, 0: none yet */
	bool passed_on; /* to the coordinator */
	bool done;
	int error;
	char text[512];
	int64_t done_ns;
};

static const struct {
	int status, error;
} errors[] = {
	{ CR_EXIT_UNSUPPORTED, EOPNOTSUPP }, { CR_EXIT_TIMEOUT, ETIMEDOUT },
	{ CR_EXIT_PERMISSION, EPERM },	     { CR_EXIT_NOT_FOUND, ESRCH },
	{ CR_EXIT_CLUSTER, EHOSTUNREACH },   { CR_EXIT_NO_NODE, EHOSTUNREACH },
	{ CR_EXIT_FENCED, EHOSTUNREACH },    { CR_EXIT_EXISTS, EBUSY },
};

static int error_of(const struct cr_err *err)
{
	size_t i;

	if (err->error)
		return err->error;
	for (i = 0; i < CR_ARRAY_SIZE(errors); i++)
		if (errors[i].status == err->status)
			return errors[i].error;
	return EIO;
}

static void asks_conclude(struct cr_ask *a, const struct cr_err *err)
{
	a->done = true;
	a->done_ns = cr_now_ns(CLOCK_MONOTONIC);
	a->error = err && err->status ? error_of(err) : 0;
	snprintf(a->text, sizeof(a->text), "%.511s", a->error ? err->text : "");
}

/* ---- checkpoints ---- */

static bool asks_wanted(const struct cr_shepherd *sh)
{
	const struct cr_ask *a;

	for (a = sh->asks; a; a = a->next)
		if (!a->done && !(sh->cluster.active ? a->passed_on : a->checkpoint))
			return true;
	return false;
}

static void fail_all(struct cr_shepherd *sh, const struct cr_err *err)
{
	struct cr_ask *a;

	for (a = sh->asks; a; a = a->next)
		if (!a->done)
			asks_conclude(a, err);
}

static void asks_start(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	struct cr_err err = { 0 };
	struct cr_ask *a;

	sh->asks_begun = false;
	if (sh->checkpoint || sh->ended || sh->cluster.asked || !asks_wanted(sh))
		return;
	if (sh->cluster.active) {
		if (cr_cluster_ask(&sh->cluster, &err))
			fail_all(sh, &err);
		for (a = sh->asks; a && !err.status; a = a->next)
			a->passed_on = true;
	} else if (cr_checkpoint_start(sh, cairn_Intent_INTENT_CHECKPOINT, -1, &err)) {
		fail_all(sh, &err);
	}
}

void cr_asks_next(struct cr_shepherd *sh)
{
	const struct timeval soon = { 0, TOGETHER_US };

	if (!sh->base || sh->asks_begun || sh->checkpoint || sh->cluster.asked || !asks_wanted(sh))
		return;
	sh->asks_begun = !event_base_once(sh->base, -1, EV_TIMEOUT, asks_start, sh, &soon);
}

void cr_asks_cut(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct cr_ask *a;

	cr_asks_look(sh);
	c->cut = true;
	for (a = sh->asks; a && c->intent != cairn_Intent_INTENT_CHECK; a = a->next)
		if (!a->done && !a->checkpoint)
			a->checkpoint = c->writer.number;
}

void cr_asks_finished(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct cr_ask *a;

	if (c->intent == cairn_Intent_INTENT_CHECK)
		return;
	for (a = sh->asks; a; a = a->next) {
		/* One that has come to no cut has failed for all who had asked by then. */
		if (a->done || (c->cut && a->checkpoint != c->writer.number))
			continue;
		/* In a cluster it counts when the coordinator says so. */
		if (c->err.status || !sh->cluster.active)
			asks_conclude(a, &c->err);
	}
}

void cr_asks_told(struct cr_shepherd *sh, uint32_t number, const struct cr_err *err)
{
	struct cr_ask *a;

	for (a = sh->asks; a; a = a->next) {
		if (!a->done && (err->status || (a->checkpoint && a->checkpoint <= number)))
			asks_conclude(a, err);
		a->passed_on = false;
	}
	if (!err->status && number > sh->last_number)
		sh->last_number = number;
	cr_asks_next(sh);
}

/* ---- questions ---- */

static struct cr_ask **asks_find(struct cr_shepherd *sh, pid_t pid, const cairn_ApiAsk *q)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);
	struct cr_ask **p = &sh->asks, *a;

	while ((a = *p)) {
		if (a->pid == pid && a->tid == (uint32_t)q->tid && a->number == q->number)
			return p;
		/* Its asker has been killed, or thinks of something else. */
		if (a->done && now - a->done_ns > KEEP_NS) {
			*p = a->next;
			free(a);
			continue;
		}
		p = &a->next;
	}
	return p;
}

static void about_checkpoint(struct cr_shepherd *sh, pid_t pid, const cairn_ApiAsk *q,
			     cairn_ApiAnswer *out)
{
	struct cr_ask **p = asks_find(sh, pid, q), *a = *p;

	if (!a && (a = calloc(1, sizeof(*a)))) {
		a->pid = pid;
		a->tid = q->tid;
		a->number = q->number;
		*p = a;
		cr_asks_next(sh);
	}
	if (!a || !a->done)
		return;
	out->done = true;
	out->error = a->error;
	out->checkpoint = a->checkpoint;
	snprintf(out->text, sizeof(out->text), "%s", a->text);
	*p = a->next;
	free(a);
}

static void about_job(struct cr_shepherd *sh, cairn_ApiAnswer *out)
{
	out->done = true;
	out->checkpoint = sh->last_number;
	out->restarts = sh->restarts;
	out->members = sh->cluster.active && sh->cluster.gather.members > 1 ?
			       sh->cluster.gather.members :
			       1;
	out->member = sh->cluster.active ? sh->cluster.id.member : 0;
	out->began = sh->began;
	out->interval = cr_interval(sh);
	snprintf(out->name, sizeof(out->name), "%s", sh->name);
	snprintf(out->directory, sizeof(out->directory), "%s", sh->directory);
	snprintf(out->text, sizeof(out->text), "%.511s", sh->last_error);
}

/* Whether somebody of the job is at the other end: a user's other processes have crctl. */
static bool asks_is_of_job(const struct cr_asker *k)
{
	struct cr_proc_stat st = { .ppid = k->peer.pid };
	int i;

	/* Another user's process of the job is known to root only. */
	if (k->peer.uid != geteuid() && geteuid())
		return false;
	/* We get its orphans: so all of the job are below us, and who is not is soon known. */
	for (i = 0; i < DEPTH_MAX && st.ppid > 1 && st.ppid != getpid(); i++)
		if (cr_proc_stat(AT_FDCWD, st.ppid, &st))
			return false;
	return i && st.ppid == getpid();
}

static void asks_answer(struct cr_asker *k, const cairn_ApiAsk *q)
{
	static cairn_ApiAnswer out;

	memset(&out, 0, sizeof(out));
	/* Who has been answered before need not be looked for again. */
	if (!*asks_find(k->sh, k->peer.pid, q) && !asks_is_of_job(k)) {
		out.done = true;
		out.error = EPERM;
		snprintf(out.text, sizeof(out.text), "process %d is not of the job %s", k->peer.pid,
			 k->sh->name);
	} else if (q->kind == cairn_ApiKind_API_CHECKPOINT) {
		about_checkpoint(k->sh, k->peer.pid, q, &out);
	} else {
		about_job(k->sh, &out);
	}
	/* It is the first packet of its connection: there is room. */
	cr_wire_send(k->fd, &k->sh->wire, cairn_ApiAnswer_fields, &out, NULL, 0);
}

static void asks_end(struct cr_asker *k)
{
	struct cr_asker **p = &k->sh->askers;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	k->sh->nasks--;
	if (k->event)
		event_free(k->event);
	close(k->fd);
	free(k);
}

static void asks_hear(struct cr_asker *k)
{
	cairn_ApiAsk q;
	int ret = cr_wire_recv(k->fd, &k->sh->wire, cairn_ApiAsk_fields, &q, NULL, NULL,
			       MSG_DONTWAIT);

	if (ret == -EAGAIN)
		return;
	if (ret == 1)
		asks_answer(k, &q);
	asks_end(k);
}

static void asks_on_question(int fd, short what, void *asker)
{
	struct cr_asker *k = asker;

	if (what & EV_TIMEOUT)
		asks_end(k);
	else
		asks_hear(k);
}

static void asks_greet(struct cr_shepherd *sh, int fd)
{
	const struct timeval patience = { 10, 0 };
	struct cr_asker *k = sh->nasks < ASKERS_MAX ? calloc(1, sizeof(*k)) : NULL;
	socklen_t len = sizeof(k->peer);

	/* Strangers get no place, as they could take them all. Our user's others are told. */
	if (!k || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &k->peer, &len) ||
	    (k->peer.uid != geteuid() && !asks_is_of_job(k))) {
		free(k);
		close(fd);
		return;
	}
	k->sh = sh;
	k->fd = fd;
	k->event = event_new(sh->base, fd, EV_READ, asks_on_question, k);
	if (k->event)
		event_add(k->event, &patience);
	k->next = sh->askers;
	sh->askers = k;
	sh->nasks++;
}

void cr_asks_look(struct cr_shepherd *sh)
{
	struct cr_asker *k, *next;
	int fd, i;

	/* All that were there when we came; a flood never ends. */
	for (i = 0; i <= ASKERS_MAX; i++) {
		fd = accept4(sh->asking, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			break;
		asks_greet(sh, fd);
	}
	for (k = sh->askers; k; k = next) {
		next = k->next;
		asks_hear(k);
	}
}

static void asks_on_asker(int fd, short what, void *shepherd)
{
	cr_asks_look(shepherd);
}

int cr_asks_begin(struct cr_shepherd *sh)
{
	sh->asks_event = event_new(sh->base, sh->asking, EV_READ | EV_PERSIST, asks_on_asker, sh);
	return sh->asks_event ? event_add(sh->asks_event, NULL) : -1;
}

/* Beside the agents' socket, whose name is in the processes' memory. */
int cr_asks_listen(struct cr_shepherd *sh, struct cr_err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int n = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "%s.ask", sh->agent_socket);

	sh->asking = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sh->asking < 0 || n >= (int)sizeof(addr.sun_path) - 1 ||
	    bind(sh->asking, (struct sockaddr *)&addr,
		 offsetof(struct sockaddr_un, sun_path) + 1 + n) ||
	    listen(sh->asking, ASKERS_MAX))
		return cr_fail(err, CR_EXIT_INTERNAL, errno,
			       "cannot listen for the job's requests");
	return 0;
}
