// SPDX-License-Identifier: Apache-2.0
//
// crctl: asks running jobs and tells them what to do, on this host through their sockets, in a
// cluster through this node's crnode.
#include <stdio.h>
#include <string.h>

#include "common/args_help.h"
#include "common/defs.h"
#include "common/json.h"
#include "tools/crctl_attach.h"
#include "tools/cluster_verbs.h"
#include "tools/crctl.h"
#include "tools/crctl_options.h"
#include "tools/drill_verb.h"
#include "tools/local_verbs.h"
#include "tools/migrate_ssh.h"
#include "tools/top.h"

static int crctl_help(struct cr_ctl *c);

static const struct verb {
	const char *name;
	int (*local)(struct cr_ctl *c); /* NULL: of a cluster only */
	int (*cluster)(struct cr_ctl *c);
	const char *of; /* what it is about, one thing or two, or NULL */
	const char *help;
	const char *example; /* behind crctl */
} verbs[] = {
	{ "list", cr_local_list, cr_ask_list, NULL, "running jobs of this user", "list --json" },
	{ "status", cr_local_status, cr_ask_status, "JOB",
	  "one job, its processes, its last checkpoint", "status train" },
	{ "checkpoint", cr_local_checkpoint, cr_ask_checkpoint, "JOB",
	  "save it; prints its folder, or number, once committed", "checkpoint train" },
	{ "attach", cr_attach_first, cr_attach_first, "PID",
	  "make a running process tree or container a job", "attach 4711 --name train" },
	{ "kill", cr_local_kill, cr_ask_kill, "JOB", "end all its processes (SIGKILL)",
	  "kill train" },
	{ "check", cr_local_check, cr_ask_check, "JOB|PID|COMMAND",
	  "what could not be saved or would come back different", "check ./simulate" },
	{ "forget", cr_local_forget, cr_ask_forget, "JOB|DIR/NAME",
	  "remove one that is over, with its checkpoints; DIR/NAME: on this host",
	  "forget cairn/train" },
	{ "top", cr_top_run, cr_top_run, NULL, "nodes and jobs on the terminal, moment by moment",
	  "top" },
	{ "run", NULL, cr_ask_run, "COMMAND", "a new job, on nodes that the cluster chooses",
	  "run --name train -i 5m python3 train.py" },
	{ "restart", NULL, cr_ask_restart, "JOB",
	  "a job that has ended or failed, from its last checkpoint", "restart train" },
	{ "migrate", cr_local_migrate, cr_ask_migrate, "JOB[.MEMBER] NODE",
	  "stop it and go on there; NODE without a cluster: ssh:HOST[:DIR]",
	  "migrate train ssh:other" },
	{ "drill", NULL, cr_drill_verb, "NODE FAULT",
	  "rehearse cpu|mem|disk|kill|net|hang|migrate there", "drill node3 cpu --for 30s" },
	{ "nodes", NULL, cr_ask_nodes, NULL, "the nodes of the cluster", "nodes" },
	{ "events", NULL, cr_ask_events, NULL, "what has happened in the cluster",
	  "events --follow" },
	{ "dashboard", NULL, cr_ask_dashboard, NULL, "a link that signs a browser in, once",
	  "dashboard" },
	{ "drain", NULL, cr_ask_drain, "NODE", "move its jobs elsewhere and give it no more",
	  "drain node3" },
	{ "undrain", NULL, cr_ask_undrain, "NODE", "give it jobs again", "undrain node3" },
	{ "fenced", NULL, cr_ask_fenced, "NODE",
	  "it is dead, I have made sure: start its jobs elsewhere now", "fenced node3" },
	{ "help", crctl_help, crctl_help, "VERB", "its options and an example", "help checkpoint" },
};

static const struct verb *verb_named(const char *name, struct cr_err *err)
{
	for (size_t i = 0; name && i < CR_ARRAY_SIZE(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	cr_fail(err, CR_EXIT_USAGE, 0, "%s%s (try --help)",
		name ? "unknown verb " : "no verb given", name ? name : "");
	return NULL;
}

static void crctl_usage(void)
{
	char left[64];

	printf("Usage: crctl VERB [JOB|NODE|PID|COMMAND] [OPTION…]\n\n");
	for (size_t i = 0; i < CR_ARRAY_SIZE(verbs); i++) {
		snprintf(left, sizeof(left), "  %-11s%s ", verbs[i].name,
			 verbs[i].of ? verbs[i].of : "");
		cr_help_line(left, 31, verbs[i].help);
	}
	printf("\n");
	cr_ctl_options_usage(NULL);
	printf("\nJobs of this host are found in CR_RUNTIME_DIR, those of a cluster by its crnode\n"
	       "(CR_NODE_SOCKET), which only clusters have verbs for: crctl help VERB says so.\n"
	       "Exit status: 0, or as in cairn-exit-codes(7).\n");
}

static int verb_usage(const struct verb *v)
{
	char *attach[] = { "attach", "--help", NULL };

	if (v->local == cr_attach_first)
		return cr_attach(2, attach);
	printf("Usage: crctl %s%s%s%s\n", v->name, v->of ? " " : "", v->of ? v->of : "",
	       v->cluster == cr_ask_run ? " [ARGUMENT…]" : " [OPTION…]");
	cr_help_line("", 0, v->help);
	if (!v->local)
		printf("Of clusters only.\n");
	printf("\n");
	cr_ctl_options_usage(v->name);
	printf("\nExample: crctl %s\n", v->example);
	return 0;
}

static int crctl_help(struct cr_ctl *c)
{
	const struct verb *v = verb_named(c->of[0], &c->err);

	return v ? verb_usage(v) : -1;
}

static int verb_run(struct cr_ctl *c, const struct verb *v)
{
	if (c->interactive && !c->of[0])
		return v->cluster(c);
	if (!v->of != !(c->of[0] || c->command) || !(v->of && strchr(v->of, ' ')) != !c->of[1])
		return cr_fail(&c->err, CR_EXIT_USAGE, 0, "usage: crctl %s%s%s", v->name,
			       v->of ? " " : "", v->of ? v->of : "");
	return c->coordinator || !v->local ? v->cluster(c) : v->local(c);
}

static int crctl_run(int argc, char **argv, struct cr_ctl *c)
{
	const char *name = NULL;
	const struct verb *v;

	if (cr_ctl_options(c, argc, argv, &name))
		return -1;
	if (c->version) {
		printf("crctl (Cairn) " PACKAGE_VERSION "\n");
		return 0;
	}
	if ((c->help && !name) || (name && !strcmp(name, "help") && !c->of[0])) {
		crctl_usage();
		return 0;
	}
	v = verb_named(name, &c->err);
	if (v && c->help)
		return verb_usage(v);
	return v ? verb_run(c, v) : -1;
}

/* Also where the command line could not be read. */
static bool wants_json(const struct cr_ctl *c, char **argv)
{
	bool found = c->json;

	for (; *argv && strcmp(*argv, "--") && !c->command; argv++)
		found |= !strcmp(*argv, "--json");
	return found;
}

int main(int argc, char **argv)
{
	static struct cr_ctl c;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "attach"))
		return cr_attach(argc - 1, argv + 1);
	ret = crctl_run(argc, argv, &c);
	if ((cr_output_end(&c.err) || ret) && c.err.text[0]) {
		if (wants_json(&c, argv))
			cr_json_err_print(&c.err);
		else
			cr_err_print(&c.err);
	}
	return c.err.status;
}
