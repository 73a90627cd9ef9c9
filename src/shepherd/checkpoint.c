// SPDX-License-Identifier: Apache-2.0
//
// One checkpoint from start to commit, whatever backend does the saving. It may go on beside
// everything else in the loop when the save has returned; a thread does the waiting for the disk.
// Whatever fails: everyone goes on, what was written is removed, the older one stays.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	p->keep = sh->options.keep;
	p->pinned = sh->pinned;
	/* With the job's end comes ours. */
	if (stop || sh->ended || !cr_in_background(prune, p))
		prune(p);
}

int cr_pass_over(struct cr_checkpoint *c, int ret)
{
	struct cr_remark *r;

	if (!ret || c->purpose != CR_CHECK)
		return ret;
	r = cr_list_add(&c->save.remarks);
	if (r) {
		r->prevents = true;
		memcpy(r->text, c->err.text, sizeof(r->text));
	}
	cr_err_clear(&c->err);
	return 0;
}

static void conclude(struct cr_checkpoint *c, struct cr_shepherd *sh)
{
	int64_t now = cr_now_ns(CLOCK_MONOTONIC);
	size_t i;

	/* What died before this one was not saved by it: so before this counts as the last. */
	cr_deaths_watch(sh, c);
	if (c->purpose == CR_CHECK) {
		/* It says nothing about the last checkpoint. */
	} else if (c->err.status) {
		snprintf(sh->last_error, sizeof(sh->last_error), "%s", c->err.text);
	} else {
		sh->last_error[0] = 0;
		sh->last_stall_ns = c->stall_ns;
		sh->last_wall_ns = now - c->begin_ns;
		snprintf(sh->last_path, sizeof(sh->last_path), "%s", c->writer.path);
		if (!sh->cluster.active)
			sh->last_number = c->writer.number;
	}
	if (c->purpose == CR_SAVE_AND_STOP && c->committed && !sh->cluster.fenced) {
		/* They still stand where the checkpoint has them. */
		sh->exit_status = CR_EXIT_STOPPED;
		cr_end_job(sh);
		c->save.ended = true;
	}
	sh->backend->release(sh, c);
	if (c->save.ended)
		cr_plugins_end(&sh->plugins);
	else
		cr_plugins_release(sh, c);
	cr_image_close(&c->writer, c->committed);
	cr_control_finished(sh, c);
	cr_asks_finished(sh, c);
	/* In a cluster it is the coordinator who knows which ones are still needed. */
	if (c->committed && !sh->cluster.active)
		prune_later(sh, c->purpose == CR_SAVE_AND_STOP);
	for (i = 0; i < c->members.n; i++)
		cr_member_free(c->members.v[i]);
	cr_duplicates_free(c);
	if (c->commit_event)
		event_free(c->commit_event);
	cr_close_fd(&c->thread_pipe[0]);
	cr_close_fd(&c->thread_pipe[1]);
	cr_save_free(&c->save);
	free(c->members.v);
	cr_course_end(&c->course);
	sh->checkpoint = NULL;
	free(c);
	cr_control_next(sh);
	cr_asks_next(sh);
}

static void finish(struct cr_checkpoint *c, struct cr_shepherd *sh)
{
	/* The others of the job may still fail. */
	c->held = sh->cluster.active && c->purpose == CR_SAVE_AND_STOP && c->committed;
	cr_cluster_finished(&sh->cluster, c);
	if (!c->held)
		conclude(c, sh);
}

void cr_checkpoint_release(struct cr_shepherd *sh, bool stop)
{
	struct cr_checkpoint *c = sh->checkpoint;

	if (!c || !c->held)
		return;
	c->held = false;
	sh->cluster.course = 0;
	if (!stop)
		c->purpose = CR_SAVE;
	conclude(c, sh);
}

static void *commit(void *arg)
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
	struct cr_shepherd *sh = arg;

	finish(sh->checkpoint, sh);
}

void cr_checkpoint_commit(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	if (cr_plugins_store(&c->save, &c->err) ||
	    (c->purpose == CR_SAVE && cr_plugins_release(sh, c))) {
		cr_checkpoint_fail(sh, c);
		return;
	}
	cr_course_advance(&c->course);
	c->commit_event = event_new(sh->base, c->thread_pipe[0], EV_READ, on_committed, sh);
	event_add(c->commit_event, NULL);
	if (!cr_in_background(commit, c))
		commit(c);
}

void cr_checkpoint_fail(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cr_course_fail(&c->course);
	finish(c, sh);
}

int cr_checkpoint_start(struct cr_shepherd *sh, enum cr_purpose purpose, int client,
			struct cr_err *err)
{
	struct cr_checkpoint *c;
	int ret;

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
	c->purpose = purpose;
	c->client = client;
	c->thread_pipe[0] = c->thread_pipe[1] = -1;
	c->save.writer = &c->writer;
	c->save.outside = &sh->outside;
	c->save.addresses = sh->addresses;
	c->save.began = sh->began;
	c->save.own_ipc = sh->own_ipc;
	c->save.file_limit = sh->options.file_limit;
	c->save.tcp_repair = !strcmp(sh->options.tcp, "repair");
	c->save.stopping = purpose == CR_SAVE_AND_STOP;
	c->save.rules = &sh->options.files;
	if (sh->cluster.active)
		c->save.gather = &sh->cluster.gather;
	cr_course_begin(&c->course);
	c->begin_ns = cr_now_ns(CLOCK_MONOTONIC);
	ret = cr_image_create(&c->writer, sh->directory,
			      sh->cluster.active ? sh->cluster.number : 0, &c->err);
	/* It may have had to make the folder anew. */
	if (!ret)
		ret = cr_owner_renew(&sh->owner, sh->directory, &sh->record, &c->err);
	c->writer.ids = sh->ids;
	if (!ret && pipe2(c->thread_pipe, O_CLOEXEC))
		ret = cr_fail(&c->err, CR_EXIT_INTERNAL, errno, "checkpoint of %s", sh->name);
	if (!ret)
		ret = cr_plugins_suspend(sh, c);
	if (!ret)
		ret = sh->backend->save(sh, c);
	if (ret || purpose == CR_CHECK) {
		if (ret)
			cr_fail(&c->err, CR_EXIT_INTERNAL, -ret, "checkpoint of %s", sh->name);
		finish(c, sh);
	}
	return 0;
}
