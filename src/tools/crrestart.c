// SPDX-License-Identifier: Apache-2.0
//
// crrestart: brings a checkpointed job back and is its shepherd.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/image_read.h"
#include "common/json.h"
#include "common/runtime.h"
#include "objects/kinds.h"
#include "restart/sandbox.h"
#include "restart/check.h"
#include "restart/restart_ids.h"
#include "restart/restart.h"
#include "restart/restart_tree.h"
#include "shepherd/cluster_join.h"
#include "shepherd/guard.h"
#include "shepherd/plugins.h"
#include "shepherd/run.h"
#include "shepherd/setup.h"
#include "shepherd/shepherd.h"
#include "shepherd/stages.h"
#include "tools/backends.h"
#include "tools/crrestart_check.h"
#include "tools/detach.h"

static void crrestart_usage(void)
{
	printf("Usage: crrestart [OPTION]... DIR/NAME[/NUMBER]\n"
	       "Restarts the newest committed checkpoint in DIR/NAME, or the one named.\n\n");
	cr_options_print(CR_FOR_RESTART);
	printf("\nExit status: the job's, as of crlaunch; others: cairn-exit-codes(7).\n");
}

/* The group that had it has it again, unless we are in the background. */
static void give_terminal(struct cr_restart *r, int tty)
{
	pid_t group = cr_real(r, r->img.job.tty_foreground);
	sigset_t ttou, old;

	if (group <= 0 || group == getpgrp() || !getpgrp() || tcgetpgrp(tty) != getpgrp())
		return;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	tcsetpgrp(tty, group);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* It shows nothing of theirs, and may be of another size: as after any change of that. */
static void crrestart_tell_size(const struct cr_restart *r)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;

		if (!p->zombie && p->ctty && p->pgid == r->img.job.tty_foreground &&
		    (p->sid == r->img.job.shepherd_sid || !p->sid))
			kill(cr_real(r, p->pid), SIGWINCH);
	}
}

/* Before anybody runs, but all have their handlers. */
static void restore_terminal(struct cr_restart *r)
{
	struct termios t;
	unsigned int i;

	if (!r->own_terminal || r->img.job.termios.size != sizeof(t))
		return;
	memcpy(&t, r->img.job.termios.bytes, sizeof(t));
	for (i = 0; i < r->sh->outside.nslots; i++)
		if (r->sh->outside.slots[i].tty) {
			tcsetattr(r->sh->outside.slots[i].fd, TCSANOW, &t);
			give_terminal(r, r->sh->outside.slots[i].fd);
			crrestart_tell_size(r);
			return;
		}
}

/* Where the shell had seen the job stop, this one shall. */
static void note_stop(struct cr_restart *r)
{
	size_t i;

	for (i = 0; i < r->img.processes.n; i++) {
		const cairn_Process *p = &r->img.processes.v[i].process;

		if (p->pid == r->img.job.root_pid)
			r->sh->root_was_stopped =
				p->stop_signal && (p->stop_signal != SIGSTOP || r->own_terminal);
	}
}

static int crrestart_refuse(struct cr_restart *r, struct cr_err *err)
{
	struct cr_shepherd *sh = r->sh;

	if (r->member)
		cr_cluster_refuse(&sh->cluster, sh, err);
	cr_err_print(err);
	cr_shepherd_leave(sh);
	cr_detach_done(err->status);
	return err->status;
}

static int announce(void *of)
{
	struct cr_restart *r = of;
	struct cr_shepherd *sh = r->sh;
	int ret = r->member ? cr_cluster_report(&sh->cluster, sh, r->err) : 0;

	if (!ret)
		ret = cr_shepherd_listen(sh, r->err);
	if (!ret && r->member)
		r->objects.gather = &sh->cluster.gather;
	return ret;
}

static int crrestart_let_go(void *of)
{
	struct cr_restart *r = of;
	struct cr_shepherd *sh = r->sh;

	snprintf(sh->command, sizeof(sh->command), "%s", r->img.job.command);
	restore_terminal(r);
	note_stop(r);
	return sh->backend->go ? sh->backend->go(r, r->err) : 0;
}

/* What cannot be done for it now would be lacking for ever. Where nothing waits, it is ended. */
static void crrestart_end(void *of)
{
	struct cr_restart *r = of;

	if (r->err->status && r->sh->backend->go)
		r->sh->backend->kill(r->sh);
}

static int crrestart_resumed(void *of)
{
	struct cr_restart *r = of;

	return r->err->status ? -EIO : 0;
}

static int crrestart_meet(void *of, cairn_Step barrier)
{
	struct cr_restart *r = of;

	return cr_cluster_barrier(&r->sh->cluster, barrier, r->err);
}

static const struct cr_stage opening[] = {
	{ "announcing", .run = announce },
	{ 0 },
};

static const struct cr_stage closing[] = {
	{ "releasing", crrestart_let_go, .undo = crrestart_end },
	{ "resuming", crrestart_resumed, .settles = { cr_restart_plugins_over } },
	{ 0 },
};

/* In the sandbox, as the shepherd: everything until the job runs, then its life. */
static int inner(struct cr_restart *r)
{
	struct cr_shepherd *sh = r->sh;
	struct cr_stages stages = { .of = r, .meet = crrestart_meet };
	struct cr_err err = { 0 };
	int ret;

	sh->virtual_ids = r->objects.virtual_ids;
	snprintf(sh->agent_socket, sizeof(sh->agent_socket), "%s", r->img.job.agent_socket);
	r->err = &err;
	stages.traced = cr_stages_traced() ? sh->name : NULL;
	cr_stages_add(&stages, opening);
	cr_stages_add(&stages, sh->backend->restart);
	cr_stages_add(&stages, closing);
	ret = cr_stages_run(&stages);
	if (ret)
		cr_fail(&err, CR_EXIT_INTERNAL, -ret, "restart of %s", sh->name);
	cr_stages_undo(&stages);
	if (ret)
		return crrestart_refuse(r, &err);
	cr_image_free(&r->img);
	cr_detach_done(0);
	return cr_shepherd_run(sh);
}

/* Where further checkpoints go: beside this one, unless the job has a new name. */
static int set_place(struct cr_restart *r, struct cr_err *err)
{
	struct cr_shepherd *sh = r->sh;
	char *path = realpath(r->img.path, NULL), *slash;
	int ret;

	const char *name = sh->options.job.name ? sh->options.job.name : r->img.job.name;

	ret = cr_name_check(name, err);
	snprintf(sh->name, sizeof(sh->name), "%.*s", CR_NAME_MAX, name);
	if (!ret)
		ret = cr_shepherd_init(sh, err);
	slash = path ? strrchr(path, '/') : NULL;
	if (ret || !slash) {
		free(path);
		return ret ? ret : cr_fail(err, CR_EXIT_IO, errno, "%s", r->img.path);
	}
	snprintf(sh->last_path, sizeof(sh->last_path), "%s", path);
	sh->last_number = strtoul(slash + 1, NULL, 10);
	sh->restarts = r->img.job.restarts + 1;
	*slash = 0;
	if (strcmp(sh->name, r->img.job.name) && (slash = strrchr(path, '/')))
		snprintf(sh->directory, sizeof(sh->directory), "%.*s/%s", (int)(slash - path), path,
			 sh->name);
	else
		snprintf(sh->directory, sizeof(sh->directory), "%s", path);
	free(path);
	return 0;
}

/* That the checkpoint was made by. */
static int find_backend(struct cr_restart *r, struct cr_err *err)
{
	const char *name = *r->img.job.backend ? r->img.job.backend : "agent";

	r->sh->backend = cr_backend_named(name);
	if (!r->sh->backend)
		return cr_fail(err, CR_EXIT_FORMAT, 0,
			       "%s was saved by the backend %s, which this Cairn does not have",
			       r->img.path, name);
	if (r->sh->backend->kind != CR_BACKEND_AGENT && r->sh->options.plugins.n)
		return cr_plugins_take(r->sh, NULL, err);
	return r->sh->backend->probe ? r->sh->backend->probe(err) : 0;
}

static int restart(struct cr_restart *r, int argc, char **argv, struct cr_err *err)
{
	struct cr_options *o = &r->sh->options;
	int first = cr_options_parse(o, CR_FOR_RESTART, argc, argv, err), ret;
	char path[CR_PATH_MAX];

	if (first < 0 || o->help || o->version)
		return first < 0 ? first : 0;
	if (argc - first != 1)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "give one checkpoint, DIR/NAME or "
			       "DIR/NAME/NUMBER (try --help)");
	if (o->json && !o->check)
		return cr_fail(err, CR_EXIT_USAGE, 0, "--json goes with --check only");
	cr_outside_read(&r->sh->outside);
	ret = cr_image_find(argv[first], path, err);
	if (!ret && o->check)
		return cr_check_restart(r, path, find_backend, err);
	if (!ret)
		ret = cr_image_open(&r->img, path, err);
	if (!ret)
		ret = cr_restart_cpu(&r->img, o->cpu_ignore, err);
	if (!ret)
		ret = cr_options_inherit(o, &r->img.job, err);
	if (!ret)
		ret = find_backend(r, err);
	if (!ret)
		ret = r->sh->backend->check(r, err);
	if (!ret)
		ret = set_place(r, err);
	if (!ret && o->detach)
		ret = cr_detach(r->sh->name, r->sh->directory, false, err);
	if (ret)
		return ret;
	if (o->detach)
		cr_outside_read(&r->sh->outside);
	r->member = cr_cluster_named(&r->sh->cluster);
	/* All of us hold the name and the folder. A member learns of its own later. */
	ret = r->member ? 0 : cr_shepherd_claim(r->sh, err);
	if (ret)
		return ret;
	r->objects.kinds = cr_kinds;
	r->objects.img = &r->img;
	r->objects.outside = &r->sh->outside;
	r->objects.allow_changed = o->allow_changed;
	r->objects.tcp_repair = o->tcp_repair;
	r->objects.rules = &o->files;
	if (r->sh->backend->sandbox && !r->bare)
		return cr_sandbox(r, inner, err);
	ret = cr_guard(r->sh, err);
	return ret ? ret : inner(r);
}

int main(int argc, char **argv)
{
	struct cr_restart *r = calloc(1, sizeof(*r));
	struct cr_err err = { 0 };
	int status;

	if (!r || !(r->sh = calloc(1, sizeof(*r->sh))))
		return CR_EXIT_INTERNAL;
	status = restart(r, argc, argv, &err);
	if (r->sh->options.help)
		crrestart_usage();
	else if (r->sh->options.version)
		printf("crrestart (Cairn) " PACKAGE_VERSION "\n");
	cr_output_end(&err);
	if (err.text[0] && r->sh->options.json && r->sh->options.check) {
		cr_json_err_print(&err);
		return err.status;
	}
	/* --check has said all. */
	if (r->sh->options.check && !err.text[0] && err.status)
		return err.status;
	if (err.status) {
		if (r->member || cr_cluster_named(&r->sh->cluster))
			cr_cluster_refuse(&r->sh->cluster, r->sh, &err);
		cr_err_print(&err);
		cr_shepherd_leave(r->sh);
		cr_detach_done(err.status);
		return err.status;
	}
	return status;
}
