// SPDX-License-Identifier: Apache-2.0
//
// A container as a job, while it runs. A checkpoint is one command of the runtime's, a child of the
// shepherd, which leaves the container running; what it wrote goes into the pack afterwards. With
// --stop the command ends the container, and release starts it again if nothing was committed.
// Nothing here touches the container but by the runtime's command, except for SIGKILL.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/command.h"
#include "container/container.h"
#include "container/podman.h"
#include "container/runc.h"
#include "criu/find.h"
#include "shepherd/archive_save.h"
#include "shepherd/checkpoint.h"
#include "shepherd/helper.h"
#include "shepherd/pids.h"
#include "shepherd/run.h"
#include "shepherd/shepherd.h"

static const struct cr_runtime *const runtimes[] = { &cr_podman, &cr_runc };

/* The runtimes take the first criu in PATH. */
static int lead_to_criu(struct cr_err *err)
{
	const char *path = getenv("PATH");
	struct cr_criu criu;
	char *list, *slash;
	int ret = cr_criu_find(&criu, err);

	if (ret) {
		err->status = CR_EXIT_BACKEND;
		return ret;
	}
	slash = strrchr(criu.path, '/');
	if (asprintf(&list, "%.*s:%s", (int)(slash - criu.path), criu.path,
		     path ? path : "/usr/sbin:/usr/bin:/sbin:/bin") < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "looking for criu");
	setenv("PATH", list, 1);
	free(list);
	return 0;
}

static int container_probe(const struct cr_runtime *runtime, struct cr_err *err)
{
	struct cr_container none = { 0 };
	struct cr_command cmd;
	int status;

	if (geteuid())
		return cr_fail(err, CR_EXIT_BACKEND, 0,
			       "%s can checkpoint containers of root only: rootless ones are not "
			       "allowed to use CRIU; run this as root, or crlaunch inside of it",
			       runtime->name);
	cr_command_begin(&cmd, runtime, "--version", NULL);
	status = cr_command_run(&none, &cmd, NULL);
	if (status == -ENOENT)
		return cr_fail(err, CR_EXIT_BACKEND, 0,
			       "%s is not installed here: apt-get install %s, or name the command "
			       "in %s",
			       runtime->name, runtime->name, runtime->environment);
	if (status)
		return cr_fail(err, CR_EXIT_BACKEND, status < 0 ? -status : 0,
			       "%s --version fails (the command is in %s if that is set)",
			       runtime->name, runtime->environment);
	return lead_to_criu(err);
}

int cr_podman_probe(struct cr_err *err)
{
	return container_probe(&cr_podman, err);
}

int cr_runc_probe(struct cr_err *err)
{
	return container_probe(&cr_runc, err);
}

struct cr_container *cr_container_new(struct cr_shepherd *sh, struct cr_err *err)
{
	struct cr_container *c = calloc(1, sizeof(*c));
	size_t i;

	if (!c) {
		cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "container");
		return NULL;
	}
	for (i = 0; i < CR_ARRAY_SIZE(runtimes); i++)
		if (!strcmp(runtimes[i]->name, sh->backend->name))
			c->runtime = runtimes[i];
	for (i = 0; i < 3; i++)
		c->stdio[i] = -1;
	c->tcp = sh->options.tcp_repair;
	sh->backend_state = c;
	return c;
}

int cr_container_place(struct cr_shepherd *sh, struct cr_container *c, struct cr_err *err)
{
	int ret;

	if (snprintf(c->scratch, sizeof(c->scratch), "%s/.container", sh->directory) >=
	    (int)sizeof(c->scratch) - 64)
		return cr_fail(err, CR_EXIT_IO, ENAMETOOLONG, "%s", sh->directory);
	snprintf(c->save, sizeof(c->save), "%s/save", c->scratch);
	ret = cr_mkdir_p(c->scratch, 0700);
	return ret ? cr_fail(err, CR_EXIT_IO, -ret,
			     "cannot write checkpoints into %s (choose another place with -d)",
			     sh->directory) :
		     0;
}

int cr_container_take(struct cr_shepherd *sh, struct cr_container *c, const char *name,
		      struct cr_err *err)
{
	int ret = c->runtime->look(c, name, err);
	pid_t pid = c->pid;

	if (ret)
		return ret;
	if (!c->exists)
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0,
			       "%s knows no container '%s' (%s in another place: set %s to the "
			       "command with its options)",
			       c->runtime->name, name, c->runtime->name, c->runtime->environment);
	if (!c->running || pid <= 0)
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0, "container %s is not running: it is %s",
			       name, c->state);
	cr_close_fd(&sh->root_fd);
	sh->root_fd = syscall(SYS_pidfd_open, pid, 0);
	/* That it is this one: the number may have been given to another. */
	ret = c->runtime->look(c, name, err);
	if (!ret && (sh->root_fd < 0 || !c->running || c->pid != pid))
		ret = cr_fail(err, CR_EXIT_NOT_FOUND, 0, "container %s has just ended", name);
	if (ret)
		return ret;
	sh->root = pid;
	sh->root_status = -1;
	cr_proc_command(AT_FDCWD, pid, sh->command, sizeof(sh->command));
	return 0;
}

int cr_container_attach(struct cr_shepherd *sh, const char *name, struct cr_err *err)
{
	struct cr_container *c = cr_container_new(sh, err);
	int ret;

	if (!c)
		return -ENOMEM;
	ret = cr_container_place(sh, c, err);
	if (!ret)
		ret = cr_container_take(sh, c, name, err);
	if (!ret && c->runtime->fits)
		ret = c->runtime->fits(c, err);
	/* Nothing is left of an attempt, but for a log that the message names. */
	if (ret && !strstr(err->text, c->scratch)) {
		cr_scratch_remove(c->scratch);
		rmdir(sh->directory);
	}
	return ret;
}

/* ---- a checkpoint ---- */

/* The command has ended. */
static void on_saved(struct cr_shepherd *sh, int status, void *arg)
{
	struct cr_checkpoint *c = sh->checkpoint;
	struct cr_container *of = sh->backend_state;
	cr_auto_free char *said = NULL;
	int ret;

	c->stall_ns = cr_now_ns(CLOCK_MONOTONIC) - c->stop_ns;
	ret = status ? cr_command_failed(of, "checkpoint", &c->err) : 0;
	if (!ret && of->runtime->stall && !of->stopping && cr_scratch_read(of, "out", &said) > 0) {
		int64_t stall = of->runtime->stall(said);

		c->stall_ns = stall > 0 && stall < c->stall_ns ? stall : c->stall_ns;
	}
	if (!ret && of->runtime->add)
		ret = of->runtime->add(of, of->save, &c->err);
	cr_checkpoint_done(c, ret);
}

/* What it wrote becomes the checkpoint. */
static int container_add(void *arg)
{
	struct cr_checkpoint *c = arg;
	struct cr_container *of = c->sh->backend_state;
	int ret = cr_save_job(c->sh, c);

	if (!ret)
		ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_CONTAINER, &of->is,
				      &c->err);
	return ret ? ret : cr_save_folder(c->sh, c, of->save);
}

/* Should it go on after all, it needs what it has now. */
static void keep_stdio(struct cr_container *c)
{
	char path[64];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", c->pid, i);
		c->stdio[i] = open(path, (i ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	}
}

static int container_check(void *arg)
{
	struct cr_checkpoint *c = arg;
	struct cr_container *of = c->sh->backend_state;

	return of->runtime->fits ? cr_pass_over(c, of->runtime->fits(of, &c->err)) : 0;
}

static int container_prepare(void *arg)
{
	struct cr_checkpoint *c = arg;
	struct cr_container *of = c->sh->backend_state;
	int ret;

	of->stopping = c->intent == cairn_Intent_INTENT_STOP;
	of->gone = false;
	cr_count_job(c->sh, c);
	/* A member of a cluster's job has got another folder since. */
	ret = cr_container_place(c->sh, of, &c->err);
	return ret ? ret : cr_scratch_anew(of->save, &c->err);
}

static int container_start(void *arg)
{
	struct cr_checkpoint *c = arg;
	struct cr_container *of = c->sh->backend_state;
	cr_auto_fd out = cr_scratch_open(of, "out"), log = cr_scratch_open(of, "log");
	struct cr_command cmd;
	pid_t pid;
	int ret;

	if (out < 0 || log < 0)
		return cr_fail(&c->err, CR_EXIT_IO, errno, "cannot write into %s", of->scratch);
	if (of->stopping)
		keep_stdio(of);
	c->stop_ns = cr_now_ns(CLOCK_MONOTONIC);
	of->runtime->save(of, of->save, &cmd);
	ret = cr_helper_start(c->sh, cmd.v, (int[3]){ -1, out, log }, on_saved, NULL, &pid,
			      &c->err);
	cr_command_free(&cmd);
	return ret ? ret : CR_LATER;
}

/* It was ended for a checkpoint that there is not. */
static void container_go_on(struct cr_shepherd *sh, struct cr_container *c)
{
	char id[sizeof(c->is.id)];
	struct cr_err err = { 0 };
	int ret;

	memcpy(id, c->is.id, sizeof(id));
	ret = c->runtime->again(c, sh, c->save, &err);
	/* The disk may be full, which may have been the failure. */
	cr_scratch_remove(c->save);
	if (!ret && !cr_container_take(sh, c, id, &err)) {
		cr_watch_root(sh);
		return;
	}
	cr_say("the container %s was ended for a checkpoint that failed, and cannot be started "
	       "again: %s",
	       c->is.name, err.text);
	cr_shepherd_ended(sh, -1);
}

static void container_release(void *arg)
{
	struct cr_checkpoint *c = arg;
	struct cr_shepherd *sh = c->sh;
	struct cr_container *of = sh->backend_state;
	bool was = of->stopping;
	int i;

	of->stopping = false;
	if (was && of->gone && c->committed)
		cr_shepherd_ended(sh, -1);
	else if (was && of->gone)
		container_go_on(sh, of);
	for (i = 0; i < 3; i++)
		cr_close_fd(&of->stdio[i]);
	cr_scratch_remove(of->save);
}

const struct cr_stage cr_container_stages[] = {
	{ "scanning", container_check, .when = cr_checkpoint_looks },
	{ "scanning", container_prepare, .undo = container_release,
	  .barrier = cairn_Step_STEP_STOPPED, .when = cr_checkpoint_keeps },
	{ "saving", container_start, .barrier = cairn_Step_STEP_SAVED,
	  .when = cr_checkpoint_keeps },
	{ "writing", container_add, .when = cr_checkpoint_keeps },
	{ 0 },
};

/* ---- its end ---- */

void cr_container_kill(struct cr_shepherd *sh)
{
	cr_pids pids = { 0 };
	size_t i;

	cr_job_pids(AT_FDCWD, sh->root, &pids);
	/* With a pid namespace of its own that is the end of all. Without: they are its own. */
	if (!syscall(SYS_pidfd_send_signal, sh->root_fd, SIGKILL, NULL, 0))
		for (i = 0; i < pids.n; i++)
			kill(pids.v[i], SIGKILL);
	free(pids.v);
}

static void container_end(struct cr_shepherd *sh, struct cr_container *c)
{
	if (c->ended && !c->relays)
		cr_shepherd_ended(sh, sh->root_status);
}

void cr_container_ended(struct cr_shepherd *sh)
{
	struct cr_container *c = sh->backend_state;
	int code;

	if (c->stopping) {
		c->gone = true;
		return;
	}
	if (sh->root_status < 0 && c->runtime->exit_code) {
		code = c->runtime->exit_code(c);
		sh->root_status = code < 0 ? -1 : code << 8;
	}
	c->ended = true;
	container_end(sh, c);
}

static void relay_ended(struct cr_shepherd *sh, int status, void *arg)
{
	struct cr_container *c = arg;

	c->relays--;
	container_end(sh, c);
}

int cr_container_relay(struct cr_shepherd *sh, struct cr_container *c, int from, int to,
		       struct cr_err *err)
{
	char *const argv[] = { "cat", NULL };
	pid_t pid;
	int ret = cr_helper_start(sh, argv, (int[3]){ from, to, 2 }, relay_ended, c, &pid, err);

	c->relays += !ret;
	return ret;
}
