// SPDX-License-Identifier: Apache-2.0
//
// crlaunch: runs a command as a job and is its shepherd.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/x86_64/baseline.h"
#include "arch/x86_64/cpu.h"
#include "common/preload.h"
#include "common/runtime.h"
#include "criu/choose.h"
#include "plugin/course.h"
#include "shepherd/cluster_join.h"
#include "shepherd/guard.h"
#include "shepherd/plugins.h"
#include "shepherd/run.h"
#include "shepherd/setup.h"
#include "shepherd/shepherd.h"
#include "tools/backends.h"
#include "tools/detach.h"
#include "tools/launch_nodes.h"
#include "tools/launch_program.h"

static void crlaunch_usage(void)
{
	printf("Usage: crlaunch [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	       "Runs COMMAND so that it can be checkpointed while it runs and restarted "
	       "later.\n\n");
	cr_options_print(CR_FOR_LAUNCH);
	printf("\nExit status: the command's, 128+signal, 85 after --stop-after or crctl\n"
	       "checkpoint --stop; others: cairn-exit-codes(7).\n");
}

/* The agent's environment; what the user preloads stays, behind it. */
static void set_environment(struct cr_shepherd *sh, const char *command)
{
	const char *other = getenv("LD_PRELOAD");
	char number[16], path[CR_PATH_MAX], first[CR_RUNTIME_NAME_MAX] = "";
	char *list = malloc(strlen(sh->library) + (other ? strlen(other) : 0) + sizeof(first) + 4);

	if (!list)
		return;
	if (!cr_find_command(command, path, NULL))
		cr_preload_first(AT_FDCWD, path, 0, first);
	cr_preload_list(list, sh->library, other, first);
	setenv("LD_PRELOAD", list, 1);
	setenv(CR_ENV_SOCKET, sh->agent_socket, 1);
	cr_cluster_environment(&sh->cluster);
	snprintf(number, sizeof(number), "%ld", sh->options.signal);
	if (sh->options.signal != CR_DEFAULT_SIGNAL)
		setenv(CR_ENV_SIGNAL, number, 1);
	free(list);
}

/* In the job: what its libraries may use of the CPU. Returns an errno value. */
static int set_baseline(const struct cr_shepherd *sh)
{
	cairn_CpuFeatures here;

	cr_cpu_read(&here);
	return -cr_baseline_environment(&here, sh->options.cpu_baseline);
}

static int crlaunch_start(struct cr_shepherd *sh, char **argv, struct cr_err *err)
{
	bool agent = sh->backend->kind == CR_BACKEND_AGENT && !*sh->unsaved;
	bool criu = sh->backend->kind == CR_BACKEND_CRIU;
	sigset_t signal, old;
	int error = 0, report[2];

	if (pipe2(report, O_CLOEXEC))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "pipe");
	/* Blocked until the agent is ready, as for any program that the job executes. */
	sigemptyset(&signal);
	sigaddset(&signal, sh->options.signal);
	sigprocmask(SIG_BLOCK, &signal, &old);
	sh->root = fork();
	if (!sh->root) {
		setrlimit(RLIMIT_NOFILE, &sh->outside.limit);
		/* CRIU saves sessions that are whole. */
		if (criu)
			setsid();
		if (agent) {
			set_environment(sh, argv[0]);
		} else {
			sigprocmask(SIG_SETMASK, &old, NULL);
			cr_cluster_environment(&sh->cluster);
		}
		error = set_baseline(sh);
		if (!error) {
			execvp(argv[0], argv);
			error = errno;
		}
		if (write(report[1], &error, sizeof(error)) < 0)
			_exit(CR_EXIT_INTERNAL);
		_exit(CR_EXIT_CANNOT_RUN);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(report[1]);
	if (read(report[0], &error, sizeof(error)) != sizeof(error))
		error = sh->root < 0 ? EAGAIN : 0;
	close(report[0]);
	if (error)
		return cr_fail(err, error == ENOENT ? CR_EXIT_NO_COMMAND : CR_EXIT_CANNOT_RUN,
			       error, "cannot run %s", argv[0]);
	return 0;
}

static void describe_command(struct cr_shepherd *sh, char **argv)
{
	size_t n = 0;

	for (; *argv && n + 1 < sizeof(sh->command); argv++)
		n += snprintf(sh->command + n, sizeof(sh->command) - n, "%s%s", n ? " " : "",
			      *argv);
}

/* Its own, or a cluster's. Only the shepherd comes back from it. */
static int crlaunch_take_part(struct cr_shepherd *sh, char **argv, struct cr_err *err)
{
	struct cr_cluster *c = &sh->cluster;
	bool named = c->id.job, alone = !named && !sh->options.coordinator && !sh->options.join;
	int ret = 0;

	/* All of us hold the name and the folder, for as long as one lives. */
	if (alone)
		ret = cr_shepherd_claim(sh, err);
	if (!ret)
		ret = cr_guard(sh, err);
	if (ret || alone)
		return ret;
	return named ? cr_cluster_report(c, sh, err) : cr_cluster_join(c, sh, argv, err);
}

/*
 * The backend, as told or as the program needs. One that none can save here runs all the same,
 * unless the user has said which.
 */
static int crlaunch_choose_backend(struct cr_shepherd *sh, const char *command, struct cr_err *err)
{
	enum cr_backend_kind asked = sh->options.job.backend;
	bool several = sh->options.job.nodes || sh->options.join;
	bool elsewhere = sh->options.job.nodes && !cr_cluster_named(&sh->cluster);
	struct cr_choice choice;
	struct cr_err why = { 0 };
	int ret;

	if (asked > CR_BACKEND_AUTO) {
		sh->backend = cr_backend_of(asked);
		if (asked == CR_BACKEND_AGENT)
			return elsewhere ? 0 : cr_program_check(command, err);
		return several ? cr_fail(err, CR_EXIT_USAGE, 0,
					 "--backend %s: a job of several members needs the agent",
					 sh->backend->name) :
				 sh->backend->probe(err);
	}
	sh->backend = cr_backend_of(CR_BACKEND_AGENT);
	/* Where members run elsewhere, that is found out there. */
	if (elsewhere)
		return 0;
	ret = cr_choose(command, &choice, err);
	if (ret)
		return ret;
	if (choice.backend == CR_BACKEND_AGENT) {
		if (asked)
			cr_say("backend agent: %s", choice.why);
	} else if (!several && !cr_backend_of(choice.backend)->probe(&why)) {
		sh->backend = cr_backend_of(choice.backend);
		cr_say("backend %s: %s", sh->backend->name, choice.why);
	} else {
		if (several)
			cr_fail(&why, CR_EXIT_UNSUPPORTED, 0,
				"CRIU saves no job of several members");
		snprintf(sh->unsaved, sizeof(sh->unsaved), "%s, and %s", choice.why, why.text);
		cr_say("%s runs, but cannot be checkpointed: %s", sh->name, sh->unsaved);
	}
	return 0;
}

/* The job's name and its backend. */
static int crlaunch_choose(struct cr_shepherd *sh, char **argv, struct cr_err *err)
{
	const char *name = sh->options.job.name;
	int ret;

	snprintf(sh->name, sizeof(sh->name), "%s", name ? name : "");
	if (!name)
		cr_name_from(argv[0], sh->name, sizeof(sh->name));
	ret = crlaunch_choose_backend(sh, argv[0], err);
	sh->options.job.backend = sh->backend->kind;
	return ret;
}

static int launch(struct cr_shepherd *sh, int argc, char **argv, struct cr_err *err)
{
	int first = cr_options_parse(&sh->options, CR_FOR_LAUNCH, argc, argv, err), ret;

	if (first < 0 || sh->options.help || sh->options.version)
		return first < 0 ? first : 0;
	if (first == argc)
		return cr_fail(err, CR_EXIT_USAGE, 0, "no command given (try --help)");
	argv += first;
	ret = crlaunch_choose(sh, argv, err);
	if (ret)
		return ret;
	if (cr_cluster_named(&sh->cluster))
		sh->options.detach = false;
	else if (sh->options.job.nodes)
		return cr_launch_nodes(&sh->options, sh->name, argv - first, first, err);
	ret = cr_plugins_take(sh, NULL, err);
	if (!ret)
		ret = cr_plugins_try(&sh->plugins, err);
	if (!ret)
		ret = cr_shepherd_init(sh, err);
	if (!ret && sh->options.detach)
		ret = cr_detach(sh->name, sh->directory, false, err);
	cr_outside_read(&sh->outside);
	if (!ret)
		ret = crlaunch_take_part(sh, argv, err);
	describe_command(sh, argv);
	if (!ret)
		ret = cr_shepherd_listen(sh, err);
	return ret ? ret : crlaunch_start(sh, argv, err);
}

int main(int argc, char **argv)
{
	struct cr_shepherd *sh = calloc(1, sizeof(*sh));
	struct cr_err err = { 0 };
	int status;

	if (!sh)
		return CR_EXIT_INTERNAL;
	status = launch(sh, argc, argv, &err);
	/* The job ran elsewhere. */
	if (sh->options.job.nodes && !sh->cluster.id.job && !err.status)
		return status;
	if (status) {
		cr_err_print(&err);
		/* Whoever asked for it is told why. */
		if (sh->cluster.active || cr_cluster_named(&sh->cluster))
			cr_cluster_refuse(&sh->cluster, sh, &err);
		cr_detach_done(err.status);
		cr_shepherd_leave(sh);
		return err.status;
	}
	if (sh->options.help || sh->options.version) {
		if (sh->options.help)
			crlaunch_usage();
		else
			printf("crlaunch (Cairn) " PACKAGE_VERSION "\n");
		if (cr_output_end(&err))
			cr_err_print(&err);
		return err.status;
	}
	cr_detach_done(0);
	status = cr_shepherd_run(sh);
	cr_shepherd_free(sh);
	free(sh);
	return status;
}
