// SPDX-License-Identifier: Apache-2.0
//
// One checkpoint from start to commit, whatever backend does the saving: the stages of cr_opening,
// of the backend (agent_save.c, criu/dump.c, container/container.c), and of cr_closing, in this
// order. Some go on beside everything else in the loop; a thread does the waiting for the disk.
// Whatever fails: what the stages owe is undone, so that everyone goes on and what was written is
// removed; the older checkpoint stays.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/image_write.h"
#include "objects/core/claim.h"
#include "objects/core/save.h"
#include "objects/kinds.h"
#include "plugin/course.h"
#include "shepherd/asks.h"
#include "shepherd/checkpoint.h"
#include "shepherd/control.h"
#include "shepherd/deaths.h"
#include "shepherd/duplicates.h"
#include "shepherd/plugins.h"
#include "shepherd/processes.h"
#include "shepherd/safety.h"
#include "shepherd/shepherd.h"

struct prune {
	char directory[CR_PATH_MAX];
	unsigned int keep, pinned;
};

static void *prune(void *arg)
{
	struct prune *p = arg;

	cr_image_prune(p->directory, p->keep, p->pinned);
	free(p);
	return NULL;
}

bool cr_in_background(void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!ret)
		pthread_detach(thread);
	return !ret;
}

/* Removing gigabytes takes its time, for which nobody needs to wait. */
static void prune_later(struct cr_shepherd *sh, bool stop)
{
	struct prune *p = malloc(sizeof(*p));

	if (!p)
		return;
	snprintf(p->directory, sizeof(p->directory), "%s", sh->directory);
	p->keep = sh->options.job.policy.keep;
	p->pinned = sh->pinned;
	/* With the job's end comes ours. */
	if (stop || sh->ended || !cr_in_background(prune, p))
		prune(p);
}

int cr_pass_over(struct cr_checkpoint *c, int ret)
{
	struct cr_remark *r;

	if (!ret || c->intent != cairn_Intent_INTENT_CHECK)
		return ret;
	r = cr_list_add(&c->save.remarks);
	if (r) {
		r->prevents = true;
		memcpy(r->text, c->err.text, sizeof(r->text));
	}
	cr_err_clear(&c->err);
	return 0;
}

/* ---- before and after what the backend does ---- */

static int checkpoint_open_image(void *of)
{
	struct cr_checkpoint *c = of;
	struct cr_shepherd *sh = c->sh;
	int ret;

	ret = cr_image_create(&c->writer, sh->directory,
			      sh->cluster.active ? sh->cluster.number : 0, &c->err);
	/* It may have had to make the folder anew. */
	if (!ret)
		ret = cr_owner_renew(&sh->owner, sh->directory, &sh->record, &c->err);
	c->writer.ids = sh->ids;
	if (!ret && pipe2(c->thread_pipe, O_CLOEXEC))
		ret = cr_fail(&c->err, CR_EXIT_INTERNAL, errno, "checkpoint of %s", sh->name);
	return ret;
}

static void close_image(void *of)
{
	struct cr_checkpoint *c = of;

	cr_image_close(&c->writer, c->committed);
}

static int suspend_plugins(void *of)
{
	struct cr_checkpoint *c = of;

	return cr_plugins_suspend(c->sh, c);
}

void cr_checkpoint_plugins_over(void *of)
{
	struct cr_checkpoint *c = of;

	if (c->save.ended)
		cr_plugins_end(&c->sh->plugins);
	else
		cr_plugins_over(&c->sh->plugins, !c->err.status, &c->err);
}

static int store_plugins(void *of)
{
	struct cr_checkpoint *c = of;

	return cr_plugins_store(&c->save, &c->err);
}

static void *checkpoint_commit(void *arg)
{
	struct cr_checkpoint *c = arg;
	char done = !cr_image_commit(&c->writer, &c->manifest, &c->err);

	c->committed = done;
	while (write(c->thread_pipe[1], &done, 1) < 0 && errno == EINTR)
		;
	return NULL;
}

static void on_committed(int fd, short what, void *arg)
{
	struct cr_checkpoint *c = arg;

	cr_checkpoint_done(c, c->committed ? 0 : -EIO);
}

static int start_commit(void *of)
{
	struct cr_checkpoint *c = of;

	c->commit_event = event_new(c->sh->base, c->thread_pipe[0], EV_READ, on_committed, c);
	/* What could not be noted was left out. */
	if (!c->commit_event || cr_grow_failures() != c->grow_failures)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "checkpoint of %s", c->sh->name);
	event_add(c->commit_event, NULL);
	if (!cr_in_background(checkpoint_commit, c))
		checkpoint_commit(c);
	return CR_LATER;
}

/* The others of the job may still fail: whether it ends the coordinator will say. */
static int wait_for_others(void *of)
{
	struct cr_checkpoint *c = of;

	c->held = true;
	cr_cluster_finished(&c->sh->cluster, c);
	return CR_LATER;
}

static int end_job(void *of)
{
	struct cr_checkpoint *c = of;
	struct cr_shepherd *sh = c->sh;

	/* They still stand where the checkpoint has them. */
	sh->exit_status = CR_EXIT_STOPPED;
	cr_end_job(sh);
	c->save.ended = true;
	return 0;
}

bool cr_checkpoint_keeps(const void *of)
{
	return ((const struct cr_checkpoint *)of)->intent != cairn_Intent_INTENT_CHECK;
}

bool cr_checkpoint_looks(const void *of)
{
	return !cr_checkpoint_keeps(of);
}

static bool is_held(const void *of)
{
	const struct cr_checkpoint *c = of;

	return c->intent == cairn_Intent_INTENT_STOP && c->sh->cluster.active;
}

static bool is_the_end(const void *of)
{
	const struct cr_checkpoint *c = of;

	return c->intent == cairn_Intent_INTENT_STOP && !c->sh->cluster.fenced;
}

static const struct cr_stage cr_opening[] = {
	{ "preparing", checkpoint_open_image, .undo = close_image },
	{ "suspending", suspend_plugins, .undo = cr_checkpoint_plugins_over },
	{ 0 },
};

static const struct cr_stage cr_closing[] = {
	{ "storing", store_plugins, .when = cr_checkpoint_keeps },
	{ "committing", start_commit, .when = cr_checkpoint_keeps },
	{ "waiting", wait_for_others, .when = is_held },
	{ "ending", end_job, .when = is_the_end },
	{ 0 },
};

/* ---- its end ---- */

static void note_result(struct cr_checkpoint *c)
{
	struct cr_shepherd *sh = c->sh;

	/* What a check finds says nothing about the last checkpoint. */
	if (c->intent == cairn_Intent_INTENT_CHECK)
		return;
	sh->last_stages = c->stages;
	if (c->err.status) {
		snprintf(sh->last_error, sizeof(sh->last_error), "%s", c->err.text);
		cr_safety_failed(sh);
		return;
	}
	sh->last_error[0] = 0;
	cr_safety_committed(sh);
	sh->last_stall_ns = c->stall_ns;
	sh->last_wall_ns = cr_now_ns(CLOCK_MONOTONIC) - c->begin_ns;
	snprintf(sh->last_path, sizeof(sh->last_path), "%s", c->writer.path);
	if (!sh->cluster.active)
		sh->last_number = c->writer.number;
}

static void free_checkpoint(struct cr_checkpoint *c)
{
	size_t i;

	for (i = 0; i < c->processes.n; i++)
		cr_process_free(c->processes.v[i]);
	cr_duplicates_free(c);
	if (c->commit_event)
		event_free(c->commit_event);
	cr_close_fd(&c->thread_pipe[0]);
	cr_close_fd(&c->thread_pipe[1]);
	cr_save_free(&c->save);
	free(c->processes.v);
	free(c);
}

/* All stages are through, or one has failed. */
static void checkpoint_conclude(struct cr_checkpoint *c)
{
	struct cr_shepherd *sh = c->sh;

	cr_cluster_finished(&sh->cluster, c);
	/* What died before this one was not saved by it: so before this counts as the last. */
	cr_deaths_watch(sh, c);
	note_result(c);
	cr_stages_undo(&c->stages);
	cr_control_finished(sh, c);
	cr_asks_finished(sh, c);
	/* In a cluster it is the coordinator who knows which ones are still needed. */
	if (c->committed && !sh->cluster.active)
		prune_later(sh, c->intent == cairn_Intent_INTENT_STOP);
	free_checkpoint(c);
	sh->checkpoint = NULL;
	cr_control_next(sh);
	cr_asks_next(sh);
}

static void checkpoint_look(struct cr_checkpoint *c, int ret)
{
	if (ret == CR_LATER)
		return;
	if (ret)
		cr_fail(&c->err, CR_EXIT_INTERNAL, -ret, "checkpoint of %s", c->sh->name);
	checkpoint_conclude(c);
}

void cr_checkpoint_done(struct cr_checkpoint *c, int ret)
{
	checkpoint_look(c, cr_stages_done(&c->stages, ret));
}

void cr_checkpoint_release(struct cr_shepherd *sh, bool stop)
{
	struct cr_checkpoint *c = sh->checkpoint;

	if (!c || !c->held)
		return;
	c->held = false;
	sh->cluster.operation = 0;
	if (!stop)
		c->intent = cairn_Intent_INTENT_CHECKPOINT;
	cr_checkpoint_done(c, 0);
}

/* ---- its beginning ---- */

static int meet(void *of, cairn_Step barrier)
{
	struct cr_checkpoint *c = of;

	return cr_cluster_barrier(&c->sh->cluster, barrier, &c->err);
}

static void checkpoint_prepare(struct cr_checkpoint *c)
{
	struct cr_shepherd *sh = c->sh;

	c->thread_pipe[0] = c->thread_pipe[1] = -1;
	c->begin_ns = cr_now_ns(CLOCK_MONOTONIC);
	c->grow_failures = cr_grow_failures();
	c->save.kinds = cr_kinds;
	c->save.writer = &c->writer;
	c->save.outside = &sh->outside;
	c->save.addresses = sh->addresses;
	c->save.began = sh->began;
	c->save.own_ipc = sh->own_ipc;
	c->save.file_limit = sh->options.file_limit;
	c->save.tcp_repair = sh->options.tcp_repair;
	c->save.stopping = c->intent == cairn_Intent_INTENT_STOP;
	c->save.rules = &sh->options.files;
	if (sh->cluster.active)
		c->save.gather = &sh->cluster.gather;
	c->stages.of = c;
	c->stages.meet = meet;
	c->stages.traced = cr_stages_traced() ? sh->name : NULL;
	cr_stages_add(&c->stages, cr_opening);
	cr_stages_add(&c->stages, sh->backend->stages);
	cr_stages_add(&c->stages, cr_closing);
}

int cr_checkpoint_start(struct cr_shepherd *sh, cairn_Intent intent, int client,
			struct cr_err *err)
{
	struct cr_checkpoint *c;

	if (sh->checkpoint)
		return cr_fail(err, CR_EXIT_EXISTS, EBUSY, "a checkpoint of %s is being written",
			       sh->name);
	if (*sh->unsaved)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0, "%s cannot be checkpointed: %s",
			       sh->name, sh->unsaved);
	c = calloc(1, sizeof(*c));
	if (!c)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "checkpoint of %s", sh->name);
	sh->checkpoint = c;
	c->sh = sh;
	c->intent = intent;
	c->client = client;
	checkpoint_prepare(c);
	checkpoint_look(c, cr_stages_run(&c->stages));
	return 0;
}
