// SPDX-License-Identifier: Apache-2.0
//
// crctl attach: adopts a process tree or a container that runs already as a job. What is attached
// stays where it is, and goes on when this fails; a shepherd for it is left in the background,
// whose child it is not.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/runtime.h"
#include "shepherd/cluster_join.h"
#include "shepherd/guard.h"
#include "shepherd/run.h"
#include "shepherd/setup.h"
#include "shepherd/shepherd.h"
#include "tools/crctl_attach.h"
#include "tools/backends.h"
#include "tools/crctl.h"
#include "tools/detach.h"

static void crctl_attach_usage(void)
{
	printf("Usage: crctl attach PID [OPTION…]\n"
	       "       crctl attach --container NAME [OPTION…]\n"
	       "Makes a running process, with all below it, or a running container a job.\n\n");
	cr_options_print(CR_FOR_ATTACH);
	printf("\nReturns when it is a job, and prints its name.\n"
	       "Exit status: 0, or as in cairn-exit-codes(7).\n"
	       "\nExample: crctl attach 4711 --name train -i 5m\n");
}

int cr_attach_first(struct cr_ctl *c)
{
	return cr_fail(&c->err, CR_EXIT_USAGE, 0, "attach comes first: crctl attach ... [OPTION]");
}

static int set_name(struct cr_shepherd *sh, const char *what, struct cr_err *err)
{
	const struct cr_options *o = &sh->options;
	struct cr_proc_stat st;

	if (o->job.name) {
		snprintf(sh->name, sizeof(sh->name), "%s", o->job.name);
		return 0;
	}
	if (!o->container && cr_proc_stat(AT_FDCWD, atoi(what), &st))
		return cr_fail(err, CR_EXIT_NOT_FOUND, 0, "there is no process %s", what);
	cr_name_from(o->container ? o->container : st.comm, sh->name, sizeof(sh->name));
	return 0;
}

/* Nobody must wait for the end of the shepherd's output; what it says goes beside the job. */
static void leave_output(const struct cr_shepherd *sh)
{
	cr_auto_fd null = open("/dev/null", O_RDWR | O_CLOEXEC), log = -1;
	char path[CR_PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s.log", sh->directory);
	log = cr_open_log(path);
	dup2(null, 0);
	dup2(log < 0 ? null : log, 1);
	dup2(log < 0 ? null : log, 2);
}

/* In a cluster, if that is wanted: what is attached must not outlive its shepherd there. */
static int crctl_attach_take_part(struct cr_shepherd *sh, struct cr_err *err)
{
	char *argv[] = { sh->command, NULL };
	int ret;

	if (!sh->options.coordinator)
		return 0;
	ret = cr_guard(sh, err);
	return ret ? ret : cr_cluster_join(&sh->cluster, sh, argv, err);
}

static int crctl_attach_adopt(struct cr_shepherd *sh, int argc, char **argv, struct cr_err *err)
{
	const struct cr_options *o = &sh->options;
	int first = cr_options_parse(&sh->options, CR_FOR_ATTACH, argc, argv, err), ret;
	const char *what;

	if (first < 0 || o->help || o->version)
		return first < 0 ? first : 0;
	what = o->container ? o->container : argv[first];
	if (argc - first != !o->container ||
	    (!o->container && (!*what || what[strspn(what, "0123456789")])))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "usage: crctl attach PID, or crctl attach --container NAME");
	sh->backend = cr_backend_of(o->container ? o->runtime : CR_BACKEND_CRIU);
	ret = sh->backend->probe ? sh->backend->probe(err) : 0;
	if (!ret)
		ret = set_name(sh, what, err);
	if (!ret)
		ret = cr_shepherd_init(sh, err);
	sh->attached = true;
	if (!ret)
		ret = sh->backend->attach(sh, what, err);
	if (!ret)
		ret = cr_detach(sh->name, sh->directory, o->json, err);
	cr_outside_read(&sh->outside);
	if (!ret)
		ret = crctl_attach_take_part(sh, err);
	return ret ? ret : cr_shepherd_listen(sh, err);
}

int cr_attach(int argc, char **argv)
{
	struct cr_shepherd *sh = calloc(1, sizeof(*sh));
	struct cr_err err = { 0 };
	int status;

	if (!sh)
		return CR_EXIT_INTERNAL;
	if (crctl_attach_adopt(sh, argc, argv, &err)) {
		if (sh->options.json)
			cr_json_err_print(&err);
		else
			cr_err_print(&err);
		cr_shepherd_leave(sh);
		cr_detach_done(err.status);
		return err.status;
	}
	if (sh->options.help || sh->options.version) {
		if (sh->options.help)
			crctl_attach_usage();
		else
			printf("crctl (Cairn) " PACKAGE_VERSION "\n");
		if (cr_output_end(&err))
			cr_err_print(&err);
		return err.status;
	}
	leave_output(sh);
	cr_detach_done(0);
	status = cr_shepherd_run(sh);
	cr_shepherd_free(sh);
	free(sh);
	return status;
}
