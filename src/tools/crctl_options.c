// SPDX-License-Identifier: Apache-2.0
//
// crctl's options, besides those of a new job. They may stand before and behind the verb; those
// behind the command of run are the command's.
#include "tools/crctl_options.h"

#include <stdio.h>
#include <string.h>

#include "common/args_help.h"
#include "common/defs.h"
#include "net/client.h"
#include "tools/crctl.h"

#define FOR_LIST CR_FOR_OTHERS
#define FOR_CHECKPOINT (CR_FOR_OTHERS << 1)
#define FOR_EVENTS (CR_FOR_OTHERS << 2)
#define FOR_MIGRATE (CR_FOR_OTHERS << 3)
#define FOR_DRILL (CR_FOR_OTHERS << 4)
#define FOR_TOP (CR_FOR_OTHERS << 5)
#define FOR_NONE (CR_FOR_OTHERS << 6)
#define FOR_ALL \
	(CR_FOR_RUN | FOR_LIST | FOR_CHECKPOINT | FOR_EVENTS | FOR_MIGRATE | FOR_DRILL | FOR_TOP)

/* By the number of their bit. */
static const char *const verbs[] = {
	[3] = "run",	 [4] = "list",	[5] = "checkpoint", [6] = "events",
	[7] = "migrate", [8] = "drill", [9] = "top",
};

#define FIELD(field) CR_ARG_FIELD(struct cr_ctl, field)
static const struct cr_arg rows[] = {
	{ "json", 0, CR_ARG_FLAG, FIELD(json), 0, 0, NULL, NULL, NULL, "answer as JSON" },
	{ "coordinator", 0, CR_ARG_TEXT, FIELD(coordinator), 0, 0, NULL, CR_ENV_COORDINATOR,
	  "ADDRESS", "jobs of the cluster, by this node's crnode; or a socket's path" },
	{ "all", 0, CR_ARG_FLAG, FIELD(all), 0, 0, NULL, NULL, NULL,
	  "in a cluster: also jobs that have ended", FOR_LIST },
	{ "stop", 0, CR_ARG_FLAG, FIELD(stop), 0, 0, NULL, NULL, NULL, "and end the job",
	  FOR_CHECKPOINT },
	{ "since", 0, CR_ARG_WHOLE, FIELD(since), 0, 1e15, NULL, NULL, "N", "those behind number N",
	  FOR_EVENTS },
	{ "follow", 0, CR_ARG_FLAG, FIELD(follow), 0, 0, NULL, NULL, NULL, "and wait for more",
	  FOR_EVENTS },
	{ "node", 0, CR_ARG_TEXT, FIELD(node), 0, 0, NULL, NULL, "NODE", "begin on this node",
	  CR_FOR_RUN },
	{ "wait", 0, CR_ARG_FLAG, FIELD(wait), 0, 0, NULL, NULL, NULL,
	  "for the job's end; its status is the exit status", CR_FOR_RUN },
	{ "ssh", 0, CR_ARG_TEXT, FIELD(ssh), 0, 0, "ssh", "CR_SSH", "COMMAND",
	  "how ssh:HOST is reached", FOR_MIGRATE },
	{ "for", 0, CR_ARG_TEXT, FIELD(lasts), 0, 0, "30s", NULL, "TIME",
	  "as 30s or 2m, at most 10m", FOR_DRILL },
	{ "interactive", 0, CR_ARG_FLAG, FIELD(interactive), 0, 0, NULL, NULL, NULL,
	  "a menu of nodes and faults", FOR_DRILL },
	{ "delay", 0, CR_ARG_TIME, FIELD(delay), 0.1, 3600, "2", NULL, "TIME",
	  "between two looks", FOR_TOP },
	{ "once", 0, CR_ARG_FLAG, FIELD(once), 0, 0, NULL, NULL, NULL,
	  "print what there is, also without a terminal", FOR_TOP },
	{ "help", 'h', CR_ARG_FLAG, FIELD(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, FIELD(version), 0, 0, NULL, NULL, NULL, "the version" },
};

static void crctl_options_begin(struct cr_args *a, struct cr_ctl *c)
{
	*a = (struct cr_args){
		.sets = { { cr_job_rows, cr_job_rows_n, c ? &c->job : NULL, 0 },
			  { rows, CR_ARRAY_SIZE(rows), c, 0 } },
		.programs = FOR_ALL,
		.verbs = verbs,
	};
}

static unsigned int bit_of(const char *verb)
{
	for (size_t i = 0; i < CR_ARRAY_SIZE(verbs); i++)
		if (verbs[i] && !strcmp(verbs[i], verb))
			return 1u << i;
	return FOR_NONE;
}

int cr_ctl_options(struct cr_ctl *c, int argc, char **argv, const char **verb)
{
	struct cr_args a;
	size_t of = 0;
	int ret;

	crctl_options_begin(&a, c);
	ret = cr_args_begin(&a, &c->err);
	while (!ret && (ret = cr_args_read(&a, argc, argv, &c->err)) >= 0 && ret < argc) {
		/* A word; all of the rest is the command of run. */
		if (!*verb) {
			*verb = argv[a.at];
		} else if (bit_of(*verb) == CR_FOR_RUN) {
			c->command = argv + a.at;
			break;
		} else if (of < CR_ARRAY_SIZE(c->of)) {
			c->of[of++] = argv[a.at];
		} else {
			break;
		}
		a.at++;
		ret = 0;
	}
	if (ret < 0 || c->help || c->version || !*verb)
		return ret < 0 ? ret : 0;
	ret = cr_args_check_verb(&a, bit_of(*verb), &c->err);
	a.programs = bit_of(*verb);
	if (!ret)
		ret = cr_args_environment(&a, &c->err);
	if (c->coordinator && !*c->coordinator)
		c->coordinator = NULL;
	return ret;
}

void cr_ctl_options_usage(const char *verb)
{
	struct cr_args a;

	crctl_options_begin(&a, NULL);
	if (verb) {
		a.programs = bit_of(verb);
		a.verbs = NULL;
	}
	cr_args_print(&a);
}
