// SPDX-License-Identifier: Apache-2.0
//
// The table of options, and what of it stays with the job. The man pages list the same rows.
#include "shepherd/options.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/baseline.h"
#include "common/args_help.h"
#include "common/defs.h"
#include "objects/core/policy.h"

#define LAUNCH .programs = CR_FOR_LAUNCH
#define RESTART .programs = CR_FOR_RESTART
#define ATTACH .programs = CR_FOR_ATTACH
#define RESTART_OR_ATTACH .programs = CR_FOR_RESTART | CR_FOR_ATTACH
#define STARTS .programs = CR_FOR_LAUNCH | CR_FOR_RESTART
#define BEGINS .programs = CR_FOR_LAUNCH | CR_FOR_ATTACH
#define FIELD(field) CR_ARG_FIELD(struct cr_options, field)
#define KEPT(field) .kept = offsetof(cairn_Job, field)

static int check_map(const char *value, struct cr_err *err)
{
	const char *new = strchr(value, '=');

	if (value[0] == '/' && new &&new[1] == '/')
		return 0;
	return cr_fail(err, CR_EXIT_USAGE, 0, "--map %s: give OLD=NEW, absolute paths", value);
}

static int add_rule(void *to, const char *value, struct cr_err *err)
{
	return cr_file_rule_add(to, value, err);
}

static const struct cr_arg rows[] = {
	{ "dir", 'd', CR_ARG_TEXT, FIELD(dir), 0, 0, "cairn", "CR_DIR", "DIR",
	  "where checkpoints go: DIR/NAME/NUMBER", BEGINS },
	{ "stop-after", 0, CR_ARG_TIME, FIELD(stop_after), 0.01, 1e9, NULL, "CR_STOP_AFTER", "TIME",
	  "checkpoint then, stop the job, exit 85" },
	{ "compress", 0, CR_ARG_CHOICE, FIELD(compress), 0, 0, "none", "CR_COMPRESS", "none|lz4",
	  "codec of memory pages", KEPT(compress) },
	{ "pack-files", 0, CR_ARG_FLAG, FIELD(pack_files), 0, 0, NULL, "CR_PACK_FILES", NULL,
	  "store unmodified pages of mapped files too", STARTS, KEPT(pack_files) },
	{ "file-limit", 0, CR_ARG_SIZE, FIELD(file_limit), 0, 1e15, "16777216", "CR_FILE_LIMIT",
	  "SIZE", "files written in place are saved up to this size", STARTS, KEPT(file_limit) },
	{ "file", 0, CR_ARG_LIST, FIELD(files), 0, 0, NULL, "CR_FILE",
	  "PATTERN=keep|truncate|restore", "what becomes of such files at a restart; several times",
	  STARTS, .by = ":", .adds = true, .add = add_rule },
	{ "map", 0, CR_ARG_LIST, FIELD(maps), 0, 0, NULL, "CR_MAP", "OLD=NEW",
	  "what was at or below OLD is at NEW now; several times", RESTART, .by = ":", .adds = true,
	  .check = check_map },
	{ "stop-timeout", 0, CR_ARG_TIME, FIELD(stop_timeout), 0.01, 3600, "10", "CR_STOP_TIMEOUT",
	  "TIME", "how long a thread may take to stop", STARTS, KEPT(stop_timeout) },
	{ "signal", 0, CR_ARG_WHOLE, FIELD(signal), 34, 64, "62", "CR_SIGNAL", "NUMBER",
	  "real-time signal that wakes the agent", LAUNCH },
	{ "allow-changed", 0, CR_ARG_FLAG, FIELD(allow_changed), 0, 0, NULL, NULL, NULL,
	  "restart although files that the job reads have changed", RESTART },
	{ "cpu-baseline", 0, CR_ARG_TEXT, FIELD(cpu_baseline), 0, 0, "", "CR_CPU_BASELINE",
	  "x86-64-v2|x86-64-v3|x86-64-v4|NAME",
	  "libraries use no more of the CPU than this, so that it may go on on any such one",
	  LAUNCH, KEPT(cpu_baseline), .check = cr_baseline_check },
	{ "cpu-ignore", 0, CR_ARG_TEXT, FIELD(cpu_ignore), 0, 0, NULL, "CR_CPU_IGNORE",
	  "FEATURE[,FEATURE]...",
	  "restart although this CPU lacks these, which the job does not use", RESTART },
	{ "check", 0, CR_ARG_FLAG, FIELD(check), 0, 0, NULL, NULL, NULL,
	  "only list all that is missing or different on this node; start nothing", RESTART },
	{ "json", 0, CR_ARG_FLAG, FIELD(json), 0, 0, NULL, NULL, NULL,
	  "answer and errors as JSON; of crrestart: with --check", RESTART_OR_ATTACH },
	{ "ids", 0, CR_ARG_CHOICE, FIELD(ids), 0, 0, "auto", "CR_IDS", "auto|exact|virtual",
	  "processes keep their ids in namespaces, or see them translated", RESTART },
	{ "tcp", 0, CR_ARG_CHOICE, FIELD(tcp_repair), 0, 0, "reset", "CR_TCP", "reset|repair",
	  "connections to the outside: reset at a restart, or kept, as root", KEPT(tcp) },
	{ "container", 0, CR_ARG_TEXT, FIELD(container), 0, 0, NULL, NULL, "NAME",
	  "a running container, instead of a process", ATTACH },
	{ "runtime", 0, CR_ARG_CHOICE, FIELD(runtime), CR_BACKEND_PODMAN, 0, "podman", "CR_RUNTIME",
	  "podman|runc", "whose container it is", ATTACH },
	{ "plugin", 0, CR_ARG_LIST, FIELD(plugins), 0, 0, NULL, "CR_PLUGIN", "FILE[:OPTIONS]",
	  "loads a plugin, in a process of its own (divided by ; in CR_PLUGIN); several times",
	  STARTS, .by = ";", .adds = true },
	{ "plugin-timeout", 0, CR_ARG_TIME, FIELD(plugin_timeout), 0.01, 86400, "60",
	  "CR_PLUGIN_TIMEOUT", "TIME", "how long a hook of a plugin may take", STARTS,
	  KEPT(plugin_timeout) },
	{ "coordinator", 0, CR_ARG_TEXT, FIELD(coordinator), 0, 0, NULL, "CR_COORDINATOR",
	  "ADDRESS", "as a job of a cluster, by this node's crnode", BEGINS },
	{ "join", 0, CR_ARG_TEXT, FIELD(join), 0, 0, NULL, NULL, "JOB",
	  "as one more member of that job of the cluster", LAUNCH },
	{ "detach", 0, CR_ARG_FLAG, FIELD(detach), 0, 0, NULL, "CR_DETACH", NULL,
	  "return when the job runs; it goes on in the background", STARTS },
	{ "help", 'h', CR_ARG_FLAG, FIELD(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, FIELD(version), 0, 0, NULL, NULL, NULL, "the version" },
};

static void options_begin(struct cr_args *a, struct cr_options *o, unsigned int command)
{
	*a = (struct cr_args){
		.sets = { { cr_job_rows, cr_job_rows_n, o ? &o->job : NULL, 0 },
			  { rows, CR_ARRAY_SIZE(rows), o, 0 } },
		.programs = command,
		.anywhere = command == CR_FOR_ATTACH,
	};
}

int cr_options_parse(struct cr_options *o, unsigned int command, int argc, char **argv,
		     struct cr_err *err)
{
	struct cr_args a;
	int first;

	memset(o, 0, sizeof(*o));
	options_begin(&a, o, command);
	first = cr_args_parse(&a, argc, argv, err);
	o->given[0] = a.sets[0].given;
	o->given[1] = a.sets[1].given;
	return first;
}

void cr_options_print(unsigned int command)
{
	struct cr_args a;

	options_begin(&a, NULL, command);
	cr_args_print(&a);
}

/* ---- in the image ---- */

static void options_save_one(const struct cr_arg *r, const void *options, cairn_Job *job)
{
	void *to = (char *)job + r->kept;
	char text[CR_ARG_VALUE];

	if (r->kind == CR_ARG_FLAG)
		*(bool *)to = *(const bool *)((const char *)options + r->offset);
	else if (r->kind == CR_ARG_REAL || r->kind == CR_ARG_TIME)
		*(double *)to = *(const double *)((const char *)options + r->offset);
	else if (r->kind == CR_ARG_WHOLE || r->kind == CR_ARG_SIZE)
		*(int64_t *)to = strtoll(cr_arg_value(r, options, text), NULL, 10);
	else
		snprintf(to, sizeof(job->compress), "%s", cr_arg_value(r, options, text));
}

void cr_options_save(const struct cr_options *o, cairn_Job *job)
{
	size_t i;

	job->has_options = true;
	for (i = 0; i < cr_job_rows_n; i++)
		if (cr_job_rows[i].kept)
			options_save_one(&cr_job_rows[i], &o->job, job);
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++)
		if (rows[i].kept)
			options_save_one(&rows[i], o, job);
	job->file_rules.size = o->files.len;
	memcpy(job->file_rules.bytes, o->files.text, o->files.len);
}

/* What an image has may be anything. */
static int inherit_one(const struct cr_arg *r, void *options, const cairn_Job *job,
		       struct cr_err *err)
{
	const void *from = (const char *)job + r->kept;
	char text[CR_ARG_VALUE], *copy;
	int ret;

	if (r->kind == CR_ARG_FLAG)
		*(bool *)((char *)options + r->offset) = *(const bool *)from;
	else if (r->kind == CR_ARG_REAL || r->kind == CR_ARG_TIME)
		*(double *)((char *)options + r->offset) = *(const double *)from;
	if (r->kind == CR_ARG_FLAG || r->kind == CR_ARG_REAL || r->kind == CR_ARG_TIME)
		return 0;
	if (r->kind == CR_ARG_WHOLE || r->kind == CR_ARG_SIZE)
		snprintf(text, sizeof(text), "%.0f",
			 fmin(fmax(*(const int64_t *)from, r->min), r->max));
	else
		snprintf(text, sizeof(text), "%s", (const char *)from);
	if (!*text)
		return 0;
	copy = strdup(text);
	if (!copy)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "the options of the job");
	ret = cr_arg_set(r, options, copy, r->name, err);
	/* A text points into it from now on. */
	if (r->kind != CR_ARG_TEXT)
		free(copy);
	if (ret)
		err->status = CR_EXIT_FORMAT;
	return ret;
}

static int inherit(const struct cr_arg *r, size_t n, void *options, uint64_t given,
		   const cairn_Job *job, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < n && !ret; i++)
		if (r[i].kept && !(given >> i & 1))
			ret = inherit_one(&r[i], options, job, err);
	return ret;
}

int cr_options_inherit(struct cr_options *o, const cairn_Job *job, struct cr_err *err)
{
	struct cr_file_rules now = o->files;

	o->signal = job->signal;
	if (!job->has_options)
		return 0;
	if (inherit(cr_job_rows, cr_job_rows_n, &o->job, o->given[0], job, err) ||
	    inherit(rows, CR_ARRAY_SIZE(rows), o, o->given[1], job, err))
		return -EINVAL;
	/* What is said now counts for more. */
	o->files.len = 0;
	if (cr_file_rules_join(&o->files, (const char *)job->file_rules.bytes, job->file_rules.size,
			       err))
		return -EINVAL;
	return cr_file_rules_join(&o->files, now.text, now.len, err);
}
