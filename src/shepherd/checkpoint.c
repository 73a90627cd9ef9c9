// SPDX-License-Identifier: Apache-2.0
//
// One checkpoint from start to commit. Until the job is let go it runs straight through; then the
// writers' results come in as events beside everything else, and a thread does the waiting for the
// disk. Whatever fails: everyone goes on, what was written is removed, the older one stays.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/each.h"
#include "shepherd/shepherd.h"

/* Lets go of what is needed only while the job stands still. */
static void drop_duplicates(struct cr_checkpoint *c)
{
	size_t i, k;

	for (i = 0; i < c->members.n; i++)
		for (k = 0; k < c->members.v[i]->fds.n; k++)
			cr_close_fd(&c->members.v[i]->fds.v[k].fd);
	cr_save_close(&c->save);
}

struct prune {
	char directory[CR_PATH_MAX];
	unsigned int keep;
};

static void *prune(void *arg)
{
	struct prune *p = arg;

	cr_image_prune(p->directory, p->keep);
	free(p);
	return NULL;
}

/* A thread without signals; false if there is none to be had. */
static bool in_background(void *(*fn)(void *), void *arg)
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
	/* With the job's end comes ours. */
	if (stop || sh->ended || !in_background(prune, p))
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

	if (c->purpose == CR_CHECK) {
		/* It says nothing about the last checkpoint. */
	} else if (c->err.status) {
		snprintf(sh->last_error, sizeof(sh->last_error), "%s", c->err.text);
	} else {
		sh->last_error[0] = 0;
		sh->last_stall_ns = c->stall_ns;
		sh->last_wall_ns = now - c->begin_ns;
		snprintf(sh->last_path, sizeof(sh->last_path), "%s", c->writer.path);
	}
	if (c->purpose == CR_SAVE_AND_STOP && c->committed && !sh->cluster.fenced) {
		/* They still stand where the checkpoint has them. */
		sh->exit_status = CR_EXIT_STOPPED;
		cr_kill_job(sh);
		c->save.ended = true;
	}
	cr_let_go(sh, c);
	drop_duplicates(c);
	cr_image_close(&c->writer, c->committed);
	cr_control_finished(sh, c);
	/* In a cluster it is the coordinator who knows which ones are still needed. */
	if (c->committed && !sh->cluster.active)
		prune_later(sh, c->purpose == CR_SAVE_AND_STOP);
	for (i = 0; i < c->members.n; i++)
		cr_member_free(c->members.v[i]);
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

static void start_commit(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cr_course_advance(&c->course);
	c->commit_event = event_new(sh->base, c->thread_pipe[0], EV_READ, on_committed, sh);
	event_add(c->commit_event, NULL);
	if (!in_background(commit, c))
		commit(c);
}

/* What a writer says. */
static void on_writer(int fd, short what, void *arg)
{
	struct cr_member *m = arg;
	struct cr_shepherd *sh = m->shepherd;
	struct cr_checkpoint *c = sh->checkpoint;
	int ret;

	ret = cr_wire_recv(fd, &sh->wire, cairn_AgentMsg_fields, &sh->in, NULL, NULL, MSG_DONTWAIT);
	if (ret == -EAGAIN)
		return;
	if (ret == 1 && sh->in.which_body == cairn_AgentMsg_runs_tag) {
		ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_RUNS, &sh->in.body.runs,
				      &c->err);
		cr_cluster_pieces(&sh->cluster, &sh->in.body.runs);
		if (!ret)
			return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_writer_tag) {
		return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_done_tag) {
		m->writer_done = true;
		event_del(m->writer_event);
		if (cr_course_arrive(&c->course))
			start_commit(sh, c);
		return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_failure_tag) {
		cr_member_failure(sh, m, &sh->in.body.failure, &c->err);
	} else {
		cr_fail(&c->err, CR_EXIT_INTERNAL, 0,
			"the writer of process %d was killed (out of memory?); the job goes on",
			m->pid);
	}
	cr_course_fail(&c->course);
	finish(c, sh);
}

/* From the first signal until the job runs again. */
static int stand_still(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int ret = cr_stop_job(sh, c);

	if (!ret && !cr_course_advance(&c->course))
		ret = -EIO;
	if (!ret)
		ret = cr_cluster_barrier(&sh->cluster, "stopped", &c->err);
	if (!ret)
		ret = cr_describe_job(sh, c);
	if (!ret)
		ret = c->purpose == CR_CHECK ? cr_check_shared(c) : cr_save_shared(sh, c);
	if (!ret && c->purpose != CR_CHECK)
		ret = cr_save_undo(sh, c);
	if (!ret)
		ret = cr_cluster_barrier(&sh->cluster, "saved", &c->err);
	else
		cr_cluster_failed(&sh->cluster, &c->err);
	drop_duplicates(c);
	/* Whoever stood still for longer than the lease must not go on. */
	if (!ret)
		ret = cr_cluster_check(&sh->cluster, &c->err);
	if (ret || c->purpose != CR_SAVE_AND_STOP)
		cr_let_go(sh, c);
	c->stall_ns = cr_now_ns(CLOCK_MONOTONIC) - c->begin_ns;
	return ret;
}

static void scan(void *members, size_t i)
{
	cr_scan_keep(((struct cr_member **)members)[i]);
}

static int scan_before(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;
	int ret = 0;

	/* The members are those of now; who comes later has nothing to keep. */
	cr_each(c->members.n, 8, scan, c->members.v);
	for (i = 0; i < c->members.n && !ret; i++) {
		cr_scan_filters(sh, c->members.v[i]);
		ret = cr_namespaces_look(c->members.v[i], &c->err);
		if (ret && !cr_pass_over(c, ret)) {
			cr_leave_out(c, c->members.v[i]);
			ret = 0;
		}
	}
	return ret;
}

static int write_on(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;
	int ret;

	/* From here on the course counts writers. */
	cr_course_advance(&c->course);
	c->course.members = 0;
	for (i = 0; i < c->members.n; i++)
		c->course.members += c->members.v[i]->state == CR_MEMBER_STOPPED;
	ret = cr_write_state(sh, c);
	for (i = 0; i < c->members.n && !ret; i++) {
		struct cr_member *m = c->members.v[i];

		if (m->state != CR_MEMBER_STOPPED)
			continue;
		ret = cr_write_memory(sh, c, m);
		m->writer_event =
			event_new(sh->base, m->writer, EV_READ | EV_PERSIST, on_writer, m);
		event_add(m->writer_event, NULL);
	}
	if (!ret && !c->course.members)
		start_commit(sh, c);
	return ret;
}

int cr_checkpoint_start(struct cr_shepherd *sh, enum cr_purpose purpose, int client,
			struct cr_err *err)
{
	struct cr_checkpoint *c;
	int ret;

	if (sh->checkpoint)
		return cr_fail(err, CR_EXIT_EXISTS, EBUSY, "a checkpoint of %s is being written",
			       sh->name);
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
	c->writer.ids = sh->ids;
	if (!ret && pipe2(c->thread_pipe, O_CLOEXEC))
		ret = cr_fail(&c->err, CR_EXIT_INTERNAL, errno, "checkpoint of %s", sh->name);
	if (!ret) {
		cr_members_look(sh, c);
		ret = scan_before(sh, c);
		c->begin_ns = cr_now_ns(CLOCK_MONOTONIC);
	}
	if (!ret)
		ret = stand_still(sh, c);
	if (!ret && purpose != CR_CHECK)
		ret = write_on(sh, c);
	if (ret || purpose == CR_CHECK) {
		if (ret)
			cr_fail(&c->err, CR_EXIT_INTERNAL, -ret, "checkpoint of %s", sh->name);
		finish(c, sh);
	}
	return 0;
}
