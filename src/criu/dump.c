// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint by `criu dump`, beside the shepherd's loop: CRIU writes into a scratch folder inside
// the unfinished checkpoint, the job goes on, and then a thread puts the files into the pack. If
// the job is to end with it, its processes stay stopped until the commit. Whatever fails: CRIU lets
// the job go on, its log is kept beside the checkpoints, the scratch folder is removed.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu.pb.h"
#include "common/criu_version.h"
#include "criu/dump.h"
#include "criu/find.h"
#include "criu/criu_image.h"
#include "criu/criu_outside.h"
#include "shepherd/archive_save.h"
#include "shepherd/checkpoint.h"
#include "shepherd/describe.h"
#include "shepherd/helper.h"
#include "shepherd/pids.h"
#include "shepherd/shepherd.h"

#define SCRATCH "criu"
#define LOG "dump.log"

struct dump {
	struct cr_criu criu;
	struct cr_shepherd *sh;
	struct cr_checkpoint *c; /* NULL: given up */
	cr_arguments args;
	pid_t pid; /* of criu, 0: it has ended */
	int scratch;
	cr_pids stopped; /* of the job, before: by job control */
};

static void free_dump(struct dump *d)
{
	cr_arguments_free(&d->args);
	cr_close_fd(&d->scratch);
	free(d->stopped.v);
	free(d);
}

static void scratch_path(const struct dump *d, char *out, size_t len)
{
	snprintf(out, len, "%s/%s/" SCRATCH, d->sh->directory, d->c->writer.temporary);
}

/* ---- after the dump ---- */

static int dump_count(void *arg, const void *msg)
{
	const cairn_CriuProcess *p = msg;
	cairn_Manifest *m = arg;

	m->processes++;
	m->threads += p->threads_count;
	return 0;
}

static int note_times(void *arg, const void *msg)
{
	const cairn_CriuStats *s = msg;

	*(int64_t *)arg = (s->dump.freezing + (int64_t)s->dump.frozen) * 1000;
	return 0;
}

/* What the dump says of itself. */
static int read_images(struct dump *d, struct cr_checkpoint *c)
{
	cairn_CriuProcess *p = calloc(1, sizeof(*p));
	cairn_CriuStats stats;
	int ret;

	if (!p)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "reading CRIU's files");
	ret = cr_criu_each(d->scratch, "pstree.img", cairn_CriuProcess_fields, p, sizeof(*p),
			   dump_count, &c->manifest, &c->err);
	free(p);
	if (!ret)
		ret = cr_criu_each(d->scratch, "stats-dump", cairn_CriuStats_fields, &stats,
				   sizeof(stats), note_times, &c->stall_ns, &c->err);
	if (ret)
		cr_fail(&c->err, CR_EXIT_UNSUPPORTED, 0, "CRIU has not written what it should");
	return ret;
}

/* The job runs again, or stands where it is to end. */
static void on_dumped(struct cr_shepherd *sh, int status, void *arg)
{
	struct dump *d = arg;
	struct cr_checkpoint *c = d->c;

	d->pid = 0;
	if (!c)
		free_dump(d);
	else
		cr_checkpoint_done(c, status ? cr_criu_failure(sh, d->scratch, LOG, "save",
							       &c->err) :
					       read_images(d, c));
}

static int dump_add(void *of)
{
	struct cr_checkpoint *c = of;
	struct dump *d = c->backend_state;
	char path[CR_PATH_MAX + 64];
	int ret = cr_cluster_check(&c->sh->cluster, &c->err);

	cr_describe_host(c->sh, c);
	if (!ret)
		ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_JOB, &c->job, &c->err);
	if (ret)
		return ret;
	unlinkat(d->scratch, LOG, 0);
	scratch_path(d, path, sizeof(path));
	return cr_save_folder(c->sh, c, path);
}

/* ---- before ---- */

static bool dump_is_helper(const struct cr_shepherd *sh, pid_t pid)
{
	size_t i;

	for (i = 0; i < sh->helpers.n; i++)
		if (sh->helpers.v[i].pid == pid)
			return true;
	return false;
}

/* An orphan of the job is a child of ours, and not below the first process any more. */
static int dump_check_orphans(struct cr_shepherd *sh, struct cr_err *err)
{
	cr_pids ours = { 0 };
	char command[128];
	size_t i;
	int ret = 0;

	if (!sh->attached)
		cr_proc_children(AT_FDCWD, getpid(), &ours);
	for (i = 0; i < ours.n && !ret; i++) {
		if (ours.v[i] == sh->root || dump_is_helper(sh, ours.v[i]) ||
		    !cr_of_job(AT_FDCWD, ours.v[i], getpid()))
			continue;
		cr_proc_command(AT_FDCWD, ours.v[i], command, sizeof(command));
		ret = cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			      "process %d (%s) is no longer below the job's first: CRIU saves a "
			      "process with those below it",
			      ours.v[i], command);
	}
	free(ours.v);
	return ret;
}

/* CRIU saves one process and what is below it, if nobody else has hold of it. */
static int check_tree(struct cr_shepherd *sh, struct cr_err *err)
{
	struct cr_proc_status st;
	cr_pids all = { 0 };
	char command[128];
	size_t i;
	int ret;

	if (sh->root_status >= 0)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "the first process of %s has ended: CRIU saves a process with those "
			       "below it, not what it left behind",
			       sh->name);
	ret = dump_check_orphans(sh, err);
	cr_criu_pids(sh, &all);
	for (i = 0; i < all.n && !ret; i++) {
		if (cr_proc_status(sh->host_proc, all.v[i], &st) || !st.tracer)
			continue;
		cr_proc_command(sh->host_proc, st.tracer, command, sizeof(command));
		ret = cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			      "process %d is traced by process %d (%s), and CRIU needs to trace it "
			      "itself; the job goes on",
			      all.v[i], st.tracer, command);
	}
	free(all.v);
	return ret;
}

static void note_stopped(struct cr_shepherd *sh, cr_pids *out)
{
	cr_pids pids = { 0 };
	struct cr_proc_status st;
	size_t i;

	cr_criu_pids(sh, &pids);
	for (i = 0; i < pids.n; i++) {
		pid_t *to = cr_proc_status(sh->host_proc, pids.v[i], &st) || st.state != 'T' ?
				    NULL :
				    cr_list_add(out);

		if (to)
			*to = pids.v[i];
	}
	free(pids.v);
}

static void dump_add_options(struct dump *d, const struct cr_options *o)
{
	cr_arguments *a = &d->args;

	cr_argument(a, "--no-default-config");
	cr_argument(a, "-v3");
	cr_argument(a, "--log-file");
	cr_argument(a, LOG);
	cr_argument(a, "--manage-cgroups=ignore");
	cr_argument(a, "--file-locks");
	cr_argument(a, "--ext-unix-sk");
	cr_argument(a, "--ghost-limit");
	cr_argument(a, "%ld", o->file_limit);
	cr_argument(a, "--timeout");
	cr_argument(a, "%.0f", ceil(o->stop_timeout));
	cr_argument(a, o->tcp_repair ? "--tcp-established" : "--tcp-close");
	if (d->criu.unprivileged)
		cr_argument(a, "--unprivileged");
	if (getsid(d->sh->root) != d->sh->root)
		cr_argument(a, "--shell-job");
}

static int dump_start(void *of)
{
	static const int nothing[3] = { -1, -1, -1 };
	struct cr_checkpoint *c = of;
	struct dump *d = c->backend_state;
	struct cr_shepherd *sh = c->sh;
	char version[16], path[CR_PATH_MAX + 64];
	int ret;

	cr_describe_shepherd(sh, &c->job);
	snprintf(c->job.backend_version, sizeof(c->job.backend_version), "%s",
		 cr_criu_version_text(d->criu.version, version));
	if (mkdirat(c->writer.dir, SCRATCH, 0700))
		return cr_fail(&c->err, CR_EXIT_IO, errno, "cannot make a folder in %s",
			       sh->directory);
	d->scratch = openat(c->writer.dir, SCRATCH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_argument(&d->args, "%s", d->criu.path);
	cr_argument(&d->args, "dump");
	cr_argument(&d->args, "--tree");
	cr_argument(&d->args, "%d", sh->root);
	cr_argument(&d->args, "--images-dir");
	scratch_path(d, path, sizeof(path));
	cr_argument(&d->args, "%s", path);
	dump_add_options(d, &sh->options);
	ret = cr_criu_outside(sh, &c->job, &d->args, &c->err);
	if (ret)
		return ret;
	if (c->intent == cairn_Intent_INTENT_STOP)
		note_stopped(sh, &d->stopped);
	cr_argument(&d->args,
		    c->intent == cairn_Intent_INTENT_STOP ? "--leave-stopped" : "--leave-running");
	cr_argument(&d->args, NULL);
	ret = cr_helper_start(sh, d->args.v, nothing, on_dumped, d, &d->pid, &c->err);
	return ret ? ret : CR_LATER;
}

/* crctl check: what is known without a dump. */
static int dump_check(void *of)
{
	struct cr_checkpoint *c = of;
	cr_arguments none = { 0 };
	struct cr_criu criu;
	int ret;

	ret = cr_pass_over(c, cr_criu_find(&criu, &c->err));
	if (!ret)
		ret = cr_pass_over(c, check_tree(c->sh, &c->err));
	if (!ret)
		ret = cr_pass_over(c, cr_criu_outside(c->sh, &c->job, &none, &c->err));
	cr_arguments_free(&none);
	return ret;
}

static int dump_prepare(void *of)
{
	struct cr_checkpoint *c = of;
	struct dump *d = calloc(1, sizeof(*d));
	int ret;

	if (!d)
		return -ENOMEM;
	d->sh = c->sh;
	d->c = c;
	d->scratch = -1;
	c->backend_state = d;
	ret = cr_criu_find(&d->criu, &c->err);
	if (!ret)
		ret = cr_criu_options(&c->sh->options, &c->err);
	return ret ? ret : check_tree(c->sh, &c->err);
}

/* Those whom CRIU has left stopped; not those who were so before. */
static void dump_go_on(struct dump *d)
{
	cr_pids pids = { 0 };
	size_t i, k;

	cr_criu_pids(d->sh, &pids);
	for (i = 0; i < pids.n; i++) {
		for (k = 0; k < d->stopped.n && d->stopped.v[k] != pids.v[i]; k++)
			;
		if (k == d->stopped.n)
			kill(pids.v[i], SIGCONT);
	}
	free(pids.v);
}

static void dump_release(void *of)
{
	struct cr_checkpoint *c = of;
	struct dump *d = c->backend_state;

	c->backend_state = NULL;
	if (!d)
		return;
	if (c->intent == cairn_Intent_INTENT_STOP && !c->save.ended)
		dump_go_on(d);
	cr_remove_tree(c->writer.dir, SCRATCH);
	d->c = NULL;
	/* One that is at work must not be ended, as its code may be in the job: it frees this. */
	if (!d->pid)
		free_dump(d);
}

const struct cr_stage cr_criu_stages[] = {
	{ "scanning", dump_check, .when = cr_checkpoint_looks },
	{ "scanning", dump_prepare, .undo = dump_release, .barrier = cairn_Step_STEP_STOPPED,
	  .when = cr_checkpoint_keeps },
	{ "saving", dump_start, .barrier = cairn_Step_STEP_SAVED, .when = cr_checkpoint_keeps },
	{ "writing", dump_add, .when = cr_checkpoint_keeps },
	{ 0 },
};
