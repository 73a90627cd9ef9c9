// SPDX-License-Identifier: Apache-2.0
//
// The table of options, and reading it. The man pages list the same rows.
#include "shepherd/options.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/baseline.h"
#include "common/defs.h"

enum kind { FLAG, TEXT, SECONDS, NUMBER, LIST };

static const struct option_row {
	const char *name;
	char letter;
	enum kind kind;
	unsigned int commands;
	size_t offset;
	double min, max;
	const char *environment, *argument, *help;
	size_t job; /* where it is in a checkpoint; 0: it belongs to one run only */
} rows[] = {
#define ROW(field) offsetof(struct cr_options, field)
#define JOB(field) offsetof(cairn_Job, field)
	{ "name", 'n', TEXT, 7, ROW(name), 0, 0, "CR_NAME", "NAME",
	  "the job's name (default: the command's, or as saved)", 0 },
	{ "dir", 'd', TEXT, 5, ROW(dir), 0, 0, "CR_DIR", "DIR",
	  "where checkpoints go: DIR/NAME/NUMBER (default: ./cairn)", 0 },
	{ "backend", 0, TEXT, 1, ROW(backend), 0, 0, "CR_BACKEND", "auto|agent|criu",
	  "what saves it: the agent that is loaded into it, or CRIU (default: auto)", 0 },
	{ "interval", 'i', SECONDS, 7, ROW(interval), 0.01, 1e9, "CR_INTERVAL", "SECONDS",
	  "checkpoint every so often", JOB(interval) },
	{ "stop-after", 0, SECONDS, 7, ROW(stop_after), 0.01, 1e9, "CR_STOP_AFTER", "SECONDS",
	  "checkpoint then, stop the job, exit 85", 0 },
	{ "keep", 0, NUMBER, 7, ROW(keep), 1, 1e6, "CR_KEEP", "N",
	  "committed checkpoints to keep (default: 2)", JOB(keep) },
	{ "compress", 0, TEXT, 7, ROW(compress), 0, 0, "CR_COMPRESS", "none|lz4",
	  "codec of memory pages (default: none)", JOB(compress) },
	{ "pack-files", 0, FLAG, 3, ROW(pack_files), 0, 0, "CR_PACK_FILES", NULL,
	  "store unmodified pages of mapped files too", JOB(pack_files) },
	{ "file-limit", 0, NUMBER, 3, ROW(file_limit), 0, 1e15, "CR_FILE_LIMIT", "BYTES",
	  "files written in place are saved up to this size (default: 16777216)", JOB(file_limit) },
	{ "file", 0, LIST, 3, ROW(files), 0, 0, "CR_FILE", "PATTERN=keep|truncate|restore",
	  "what becomes of such files at a restart; several times", 0 },
	{ "map", 0, LIST, 2, ROW(maps), 0, 0, "CR_MAP", "OLD=NEW",
	  "what was at or below OLD is at NEW now; several times", 0 },
	{ "stop-timeout", 0, SECONDS, 3, ROW(stop_timeout), 0.01, 3600, "CR_STOP_TIMEOUT",
	  "SECONDS", "how long a thread may take to stop (default: 10)", JOB(stop_timeout) },
	{ "signal", 0, NUMBER, 1, ROW(signal), 34, 64, "CR_SIGNAL", "NUMBER",
	  "real-time signal that wakes the agent (default: 62)", 0 },
	{ "allow-changed", 0, FLAG, 2, ROW(allow_changed), 0, 0, NULL, NULL,
	  "restart although files that the job reads have changed", 0 },
	{ "cpu-baseline", 0, TEXT, 1, ROW(cpu_baseline), 0, 0, "CR_CPU_BASELINE",
	  "x86-64-v2|x86-64-v3|x86-64-v4|NAME",
	  "libraries use no more of the CPU than this, so that it may go on on any such one",
	  JOB(cpu_baseline) },
	{ "cpu-ignore", 0, TEXT, 2, ROW(cpu_ignore), 0, 0, "CR_CPU_IGNORE", "FEATURE[,FEATURE]...",
	  "restart although this CPU lacks these, which the job does not use", 0 },
	{ "check", 0, FLAG, 2, ROW(check), 0, 0, NULL, NULL,
	  "only list all that is missing or different on this node; start nothing", 0 },
	{ "json", 0, FLAG, 2, ROW(json), 0, 0, NULL, NULL, "with --check: answer as JSON", 0 },
	{ "ids", 0, TEXT, 2, ROW(ids), 0, 0, "CR_IDS", "auto|exact|virtual",
	  "processes keep their ids in namespaces, or see them translated (default: auto)", 0 },
	{ "tcp", 0, TEXT, 7, ROW(tcp), 0, 0, "CR_TCP", "reset|repair",
	  "connections to the outside: reset at a restart, or kept, as root (default: reset)",
	  JOB(tcp) },
	{ "container", 0, TEXT, 4, ROW(container), 0, 0, NULL, "NAME",
	  "a running container, instead of a process", 0 },
	{ "runtime", 0, TEXT, 4, ROW(runtime), 0, 0, "CR_RUNTIME", "podman|runc",
	  "whose container it is (default: podman)", 0 },
	{ "plugin", 0, LIST, 3, ROW(plugins), 0, 0, "CR_PLUGIN", "FILE[:OPTIONS]",
	  "loads a plugin, in a process of its own (divided by ; in CR_PLUGIN); several times", 0 },
	{ "plugin-timeout", 0, SECONDS, 3, ROW(plugin_timeout), 0.01, 86400, "CR_PLUGIN_TIMEOUT",
	  "SECONDS", "how long a hook of a plugin may take (default: 60)", JOB(plugin_timeout) },
	{ "coordinator", 0, TEXT, 5, ROW(coordinator), 0, 0, "CR_COORDINATOR", "ADDRESS",
	  "as a job of a cluster, by this node's crnode", 0 },
	{ "join", 0, TEXT, 1, ROW(join), 0, 0, NULL, "JOB",
	  "as one more member of that job of the cluster", 0 },
	{ "nodes", 0, NUMBER, 1, ROW(nodes), 1, 100000, NULL, "N",
	  "start N members, on N nodes, and wait for the end", 0 },
	{ "replicas", 0, NUMBER, 5, ROW(replicas), 0, 100, "CR_REPLICAS", "N",
	  "other nodes that have a copy before a checkpoint counts (default: 1)", 0 },
	{ "keep-bytes", 0, NUMBER, 5, ROW(keep_bytes), 0, 1e18, "CR_KEEP_BYTES", "BYTES",
	  "room for the job's checkpoints on one node, the newest aside (default: no limit)", 0 },
	{ "on-failure", 0, TEXT, 7, ROW(on_failure), 0, 0, "CR_ON_FAILURE", "restart|stop",
	  "what becomes of the job when a member is lost (default: restart); alone, with stop, "
	  "the job ends when a process dies by a signal", 0 },
	{ "max-restarts", 0, NUMBER, 5, ROW(max_restarts), 0, 1e6, "CR_MAX_RESTARTS", "N",
	  "restarts without a checkpoint in between (default: 3)", 0 },
	{ "label", 0, LIST, 5, ROW(labels), 0, 0, "CR_LABEL", "KEY=VALUE",
	  "only on nodes with it; several times", 0 },
	{ "spread", 0, FLAG, 1, ROW(spread), 0, 0, "CR_SPREAD", NULL,
	  "never two members on one node", 0 },
	{ "detach", 0, FLAG, 3, ROW(detach), 0, 0, "CR_DETACH", NULL,
	  "return when the job runs; it goes on in the background", 0 },
	{ "help", 'h', FLAG, 7, ROW(help), 0, 0, NULL, NULL, "this text", 0 },
	{ "version", 'V', FLAG, 7, ROW(version), 0, 0, NULL, NULL, "the version", 0 },
#undef ROW
#undef JOB
};

static int add_map(struct cr_path_maps *maps, const char *value, struct cr_err *err)
{
	const char *new = strchr(value, '=');

	if (value[0] != '/' || !new || new[1] != '/')
		return cr_fail(err, CR_EXIT_USAGE, 0, "--map %s: give OLD=NEW, absolute paths",
			       value);
	if (maps->n == CR_ARRAY_SIZE(maps->v))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--map %s: too many", value);
	maps->v[maps->n++] = value;
	return 0;
}

static int add_label(struct cr_labels *labels, const char *value, struct cr_err *err)
{
	if (!strchr(value, '=') || *value == '=')
		return cr_fail(err, CR_EXIT_USAGE, 0, "--label %s: give KEY=VALUE", value);
	if (labels->n == CR_ARRAY_SIZE(labels->v))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--label %s: too many", value);
	labels->v[labels->n++] = value;
	return 0;
}

static int add_plugin(struct cr_plugin_options *plugins, const char *value, struct cr_err *err)
{
	if (plugins->n == CR_ARRAY_SIZE(plugins->v))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--plugin %s: too many", value);
	plugins->v[plugins->n++] = value;
	return 0;
}

static int set(struct cr_options *o, const struct option_row *r, const char *value,
	       const char *source, struct cr_err *err)
{
	void *to = (char *)o + r->offset;
	char *end;
	double v;

	o->given |= 1ull << (r - rows);
	if (r->kind == LIST)
		return to == &o->files	 ? cr_file_rule_add(to, value, err) :
		       to == &o->maps	 ? add_map(to, value, err) :
		       to == &o->plugins ? add_plugin(to, value, err) :
					   add_label(to, value, err);
	if (r->kind == FLAG) {
		*(bool *)to = !value || (*value && strcmp(value, "0"));
		return 0;
	}
	if (r->kind == TEXT) {
		*(const char **)to = value;
		return 0;
	}
	v = strtod(value, &end);
	if (end == value || *end || !(v >= r->min && v <= r->max))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s: '%s' is not a number from %g to %g",
			       source, value, r->min, r->max);
	if (r->kind == SECONDS)
		*(double *)to = v;
	else
		*(long *)to = v;
	return 0;
}

/* A list stands in one variable, divided by colons; by semicolons where its parts have colons. */
static int set_list(struct cr_options *o, const struct option_row *r, const char *value,
		    struct cr_err *err)
{
	const char *by = r->offset == offsetof(struct cr_options, plugins) ? ";" : ":";
	char *copy = strdup(value), *part, *save = NULL;
	int ret = 0;

	/* Not freed: options point into it until the end. */
	for (part = copy ? strtok_r(copy, by, &save) : NULL; part && !ret;
	     part = strtok_r(NULL, by, &save))
		ret = set(o, r, part, r->environment, err);
	return ret;
}

static int from_environment(struct cr_options *o, unsigned int command, struct cr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < CR_ARRAY_SIZE(rows) && !ret; i++) {
		const char *value = NULL;

		if (rows[i].environment && rows[i].commands & command)
			value = getenv(rows[i].environment);
		if (value && *value && rows[i].kind == LIST)
			ret = set_list(o, &rows[i], value, err);
		else if (value && *value)
			ret = set(o, &rows[i], value, rows[i].environment, err);
	}
	return ret;
}

static void fill_getopt(unsigned int command, struct option *longs, char *shorts)
{
	size_t i;

	if (command != CR_FOR_ATTACH)
		*shorts++ = '+';
	*shorts++ = ':';
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		if (!(rows[i].commands & command))
			continue;
		*longs++ = (struct option){ rows[i].name, rows[i].kind != FLAG, NULL, 256 + i };
		if (rows[i].letter) {
			*shorts++ = rows[i].letter;
			if (rows[i].kind != FLAG)
				*shorts++ = ':';
		}
	}
	*shorts = 0;
}

static const struct option_row *row_of(int c)
{
	size_t i;

	if (c >= 256)
		return &rows[c - 256];
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++)
		if (rows[i].letter == c)
			return &rows[i];
	return NULL;
}

int cr_options_parse(struct cr_options *o, unsigned int command, int argc, char **argv,
		     struct cr_err *err)
{
	struct option longs[CR_ARRAY_SIZE(rows) + 1] = { 0 };
	char shorts[CR_ARRAY_SIZE(rows) * 2 + 4], source[64];
	int c, ret;

	*o = (struct cr_options){ .dir = "cairn",
				  .stop_timeout = 10,
				  .plugin_timeout = 60,
				  .keep = 2,
				  .file_limit = 16 << 20,
				  .signal = CR_DEFAULT_SIGNAL,
				  .replicas = 1,
				  .max_restarts = 3,
				  .on_failure = "restart",
				  .ids = "auto",
				  .runtime = "podman",
				  .compress = "none",
				  .tcp = "reset",
				  .cpu_baseline = "" };
	ret = from_environment(o, command, err);
	fill_getopt(command, longs, shorts);
	opterr = 0;
	optind = 1;
	while (!ret && (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *r = c == '?' || c == ':' ? NULL : row_of(c);

		if (!r)
			return cr_fail(err, CR_EXIT_USAGE, 0,
				       "option %s is unknown or lacks its value (try --help)",
				       argv[optind - 1]);
		snprintf(source, sizeof(source), "--%s", r->name);
		ret = set(o, r, optarg, source, err);
	}
	if (ret)
		return ret;
	if (strcmp(o->compress, "none") && strcmp(o->compress, "lz4"))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--compress %s: none or lz4", o->compress);
	if (o->backend && strcmp(o->backend, "auto") && strcmp(o->backend, "agent") &&
	    strcmp(o->backend, "criu"))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--backend %s: auto, agent or criu",
			       o->backend);
	if (strcmp(o->tcp, "reset") && strcmp(o->tcp, "repair"))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--tcp %s: reset or repair", o->tcp);
	if (strcmp(o->ids, "auto") && strcmp(o->ids, "exact") && strcmp(o->ids, "virtual"))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--ids %s: auto, exact or virtual", o->ids);
	if (strcmp(o->runtime, "podman") && strcmp(o->runtime, "runc"))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--runtime %s: podman or runc", o->runtime);
	if (strcmp(o->on_failure, "restart") && strcmp(o->on_failure, "stop"))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--on-failure %s: restart or stop",
			       o->on_failure);
	return cr_baseline_check(o->cpu_baseline, err) ? -EINVAL : optind;
}

/* ---- in the image ---- */

void cr_options_save(const struct cr_options *o, cairn_Job *job)
{
	size_t i;

	job->has_options = true;
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		const void *from = (const char *)o + rows[i].offset;
		void *to = (char *)job + rows[i].job;

		if (!rows[i].job)
			continue;
		if (rows[i].kind == FLAG)
			*(bool *)to = *(const bool *)from;
		else if (rows[i].kind == TEXT)
			snprintf(to, sizeof(job->compress), "%s", *(const char *const *)from);
		else if (rows[i].kind == SECONDS)
			*(double *)to = *(const double *)from;
		else
			*(int64_t *)to = *(const long *)from;
	}
	job->file_rules.size = o->files.len;
	memcpy(job->file_rules.bytes, o->files.text, o->files.len);
}

int cr_options_inherit(struct cr_options *o, const cairn_Job *job, struct cr_err *err)
{
	struct cr_file_rules now = o->files;
	size_t i;

	o->signal = job->signal;
	if (!job->has_options)
		return 0;
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		const void *from = (const char *)job + rows[i].job;
		void *to = (char *)o + rows[i].offset;

		if (!rows[i].job || o->given & 1ull << i)
			continue;
		if (rows[i].kind == FLAG)
			*(bool *)to = *(const bool *)from;
		else if (rows[i].kind == TEXT)
			*(char **)to = strdup(from);
		else if (rows[i].kind == SECONDS)
			*(double *)to = *(const double *)from;
		else
			*(long *)to = *(const int64_t *)from;
		if (rows[i].kind == TEXT && !*(char **)to)
			return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "the options of the job");
	}
	/* What is said now counts for more. */
	o->files.len = 0;
	if (cr_file_rules_join(&o->files, (const char *)job->file_rules.bytes, job->file_rules.size,
			       err))
		return -EINVAL;
	return cr_file_rules_join(&o->files, now.text, now.len, err);
}

void cr_options_print(unsigned int command)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		const struct option_row *r = &rows[i];
		char left[64];

		if (!(r->commands & command))
			continue;
		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", r->letter ? "-" : " ",
			 r->letter ? r->letter : ' ', r->letter ? ", " : "  ", r->name,
			 r->argument ? " " : "", r->argument ? r->argument : "");
		printf("  %-30s %s%s%s%s\n", left, r->help, r->environment ? " [" : "",
		       r->environment ? r->environment : "", r->environment ? "]" : "");
	}
}
