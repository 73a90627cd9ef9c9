// SPDX-License-Identifier: Apache-2.0
//
// crctl's options: the table, and reading it. Options may stand before and behind the verb; those
// behind the command of run are the command's.
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/label.h"
#include "net/client.h"
#include "tools/crctl.h"
#include "tools/crctl_options.h"

enum kind { FLAG, TEXT, SECONDS, NUMBER, BYTES, LABEL };

#define RUN "run"

static const struct row {
	const char *name;
	char letter;
	enum kind kind;
	size_t offset;
	double min, max;
	const char *verbs; /* with which it goes, NULL: all */
	const char *environment, *argument, *help;
} rows[] = {
#define ROW(field) offsetof(struct cr_ctl, field)
	{ "json", 0, FLAG, ROW(json), 0, 0, NULL, NULL, NULL, "answer as JSON" },
	{ "coordinator", 0, TEXT, ROW(coordinator), 0, 0, NULL, CR_ENV_COORDINATOR, "ADDRESS",
	  "jobs of the cluster, by this node's crnode; or a socket's path" },
	{ "all", 0, FLAG, ROW(all), 0, 0, "list", NULL, NULL,
	  "in a cluster: also jobs that have ended" },
	{ "stop", 0, FLAG, ROW(stop), 0, 0, "checkpoint", NULL, NULL, "and end the job" },
	{ "since", 0, NUMBER, ROW(since), 0, 1e15, "events", NULL, "N", "those behind number N" },
	{ "follow", 0, FLAG, ROW(follow), 0, 0, "events", NULL, NULL, "and wait for more" },
	{ "name", 'n', TEXT, ROW(name), 0, 0, RUN, "CR_NAME", "NAME",
	  "the job's name (default: the command's)" },
	{ "nodes", 0, NUMBER, ROW(nodes), 1, 4096, RUN, NULL, "N", "members (default: 1)" },
	{ "node", 0, TEXT, ROW(node), 0, 0, RUN, NULL, "NODE", "begin on this node" },
	{ "wait", 0, FLAG, ROW(wait), 0, 0, RUN, NULL, NULL,
	  "for the job's end; its status is the exit status" },
	{ "interval", 'i', SECONDS, ROW(policy.interval), 0.01, 1e9, RUN, "CR_INTERVAL", "SECONDS",
	  "checkpoint every so often (default: 60)" },
	{ "keep", 0, NUMBER, ROW(policy.keep), 1, 1e6, RUN, "CR_KEEP", "N",
	  "committed checkpoints to keep (default: 2)" },
	{ "keep-bytes", 0, BYTES, ROW(policy.keep_bytes), 0, 1e18, RUN, "CR_KEEP_BYTES", "BYTES",
	  "room for them on one node (default: no limit)" },
	{ "replicas", 0, NUMBER, ROW(policy.replicas), 0, 100, RUN, "CR_REPLICAS", "N",
	  "other nodes with a copy before one counts (default: 1)" },
	{ "on-failure", 0, TEXT, ROW(on_failure), 0, 0, RUN, "CR_ON_FAILURE", "restart|stop",
	  "when a member is lost (default: restart)" },
	{ "max-restarts", 0, NUMBER, ROW(policy.max_restarts), 0, 1e6, RUN, "CR_MAX_RESTARTS", "N",
	  "without a checkpoint in between (default: 3)" },
	{ "backend", 0, TEXT, ROW(backend), 0, 0, RUN, "CR_BACKEND", "auto|agent|criu",
	  "what saves it (default: auto)" },
	{ "label", 0, LABEL, 0, 0, 0, RUN, "CR_LABEL", "KEY=VALUE",
	  "only on nodes with it; several times" },
	{ "spread", 0, FLAG, ROW(policy.spread), 0, 0, RUN, "CR_SPREAD", NULL,
	  "never two members on one node" },
	{ "help", 'h', FLAG, ROW(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 'V', FLAG, ROW(version), 0, 0, NULL, NULL, NULL, "the version" },
#undef ROW
};

/* In the environment several are divided by colons. */
static int add_labels(struct cr_ctl *c, const char *value, bool one)
{
	char part[128];
	int ret = 0;

	while (!ret && !one && strchr(value, ':')) {
		snprintf(part, sizeof(part), "%.*s", (int)strcspn(value, ":"), value);
		ret = *part ? cr_label_add(&c->policy, part, &c->err) : 0;
		value = strchr(value, ':') + 1;
	}
	return ret || !*value ? ret : cr_label_add(&c->policy, value, &c->err);
}

static int set_number(struct cr_ctl *c, const struct row *r, const char *value, const char *source)
{
	void *to = (char *)c + r->offset;
	char *end;
	double v = strtod(value, &end);

	if (end == value || *end || !(v >= r->min && v <= r->max) ||
	    (r->kind != SECONDS && v != floor(v)))
		return cr_fail(&c->err, CR_EXIT_USAGE, 0,
			       "%s: '%s' is not a%s number from %g to %g", source, value,
			       r->kind == SECONDS ? "" : " whole", r->min, r->max);
	if (r->kind == SECONDS)
		*(double *)to = v;
	else if (r->kind == BYTES)
		*(uint64_t *)to = v;
	else if (to == &c->nodes || to == &c->since)
		*(long *)to = v;
	else
		*(uint32_t *)to = v;
	return 0;
}

static int set(struct cr_ctl *c, const struct row *r, const char *value, const char *source)
{
	void *to = (char *)c + r->offset;

	if (r->kind == LABEL)
		return add_labels(c, value, r->environment != source);
	if (r->kind == FLAG) {
		*(bool *)to = !value || (*value && strcmp(value, "0"));
		return 0;
	}
	if (r->kind != TEXT)
		return set_number(c, r, value, source);
	*(const char **)to = value;
	if (to == &c->on_failure) {
		if (strcmp(value, "restart") && strcmp(value, "stop"))
			return cr_fail(&c->err, CR_EXIT_USAGE, 0, "%s: '%s' is not restart or stop",
				       source, value);
		c->policy.stop_on_failure = !strcmp(value, "stop");
	}
	if (to == &c->backend && strcmp(value, "auto") && strcmp(value, "agent") &&
	    strcmp(value, "criu"))
		return cr_fail(&c->err, CR_EXIT_USAGE, 0, "%s: '%s' is not auto, agent or criu",
			       source, value);
	return 0;
}

/* Those of run are taken from the environment by run only. */
static int from_environment(struct cr_ctl *c, const char *verb, unsigned long given)
{
	for (size_t i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		const char *value = r->environment ? getenv(r->environment) : NULL;

		if (!value || !*value || given & 1ul << i || (r->verbs && strcmp(r->verbs, verb)))
			continue;
		if (set(c, r, value, r->environment))
			return -1;
	}
	return 0;
}

static int check_fit(struct cr_ctl *c, const char *verb, unsigned long given)
{
	for (size_t i = 0; i < CR_ARRAY_SIZE(rows); i++)
		if (given & 1ul << i && rows[i].verbs && strcmp(rows[i].verbs, verb))
			return cr_fail(&c->err, CR_EXIT_USAGE, 0, "--%s goes with %s only",
				       rows[i].name, rows[i].verbs);
	return 0;
}

static const struct row *row_of(int got)
{
	for (size_t i = 0; i < CR_ARRAY_SIZE(rows); i++)
		if (got == 256 + (int)i || (got == rows[i].letter && got))
			return &rows[i];
	return NULL;
}

static int bad_option(struct cr_ctl *c, int got, const char *text)
{
	return cr_fail(&c->err, CR_EXIT_USAGE, 0,
		       got == ':' ? "%s needs an argument" : "unknown option %s (try --help)",
		       text);
}

int cr_ctl_options(struct cr_ctl *c, int argc, char **argv, const char **verb)
{
	struct option longs[CR_ARRAY_SIZE(rows) + 1] = { 0 };
	unsigned long given = 0;
	bool words = false;
	size_t of = 0;

	for (size_t i = 0; i < CR_ARRAY_SIZE(rows); i++)
		longs[i] = (struct option){ rows[i].name, rows[i].kind != FLAG, NULL, 256 + i };
	opterr = 0;
	while (optind < argc) {
		int at = optind;
		int got = words ? -1 : getopt_long(argc, argv, "+:n:i:hV", longs, NULL);
		const struct row *r = row_of(got);

		if (r) {
			given |= 1ul << (r - rows);
			if (set(c, r, optarg, argv[at]))
				return -1;
			continue;
		}
		if (got != -1)
			return bad_option(c, got, argv[at]);
		words |= optind > at; /* by -- */
		if (optind == argc)
			break;
		/* A word; all of the rest is the command of run. */
		if (!*verb) {
			*verb = argv[optind++];
		} else if (!strcmp(*verb, RUN)) {
			c->command = argv + optind;
			break;
		} else if (of == CR_ARRAY_SIZE(c->of)) {
			break;
		} else {
			c->of[of++] = argv[optind++];
		}
	}
	if (c->help || c->version || !*verb)
		return 0;
	if (check_fit(c, *verb, given) || from_environment(c, *verb, given))
		return -1;
	if (c->coordinator && !*c->coordinator)
		c->coordinator = NULL;
	return 0;
}

void cr_ctl_options_usage(void)
{
	for (size_t i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		char text[40];

		snprintf(text, sizeof(text), "%c%c%s--%s%s%s", r->letter ? '-' : ' ',
			 r->letter ? r->letter : ' ', r->letter ? ", " : "  ", r->name,
			 r->argument ? " " : "", r->argument ? r->argument : "");
		printf("  %-30s%s%s%s\n", text, r->verbs ? r->verbs : "", r->verbs ? ": " : "",
		       r->help);
	}
}
