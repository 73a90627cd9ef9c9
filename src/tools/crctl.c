// SPDX-License-Identifier: Apache-2.0
//
// crctl: asks running jobs and tells them what to do, on this host through their sockets, in a
// cluster through this node's crnode.
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "tools/crctl_attach.h"
#include "tools/cluster_verbs.h"
#include "tools/crctl.h"
#include "tools/crctl_options.h"
#include "tools/drill_verb.h"
#include "tools/local_verbs.h"
#include "tools/migrate_ssh.h"
#include "tools/top.h"

static const struct verb {
	const char *name;
	int (*local)(struct cr_ctl *c); /* NULL: of a cluster only */
	int (*cluster)(struct cr_ctl *c);
	const char *of; /* what it is about, one thing or two, or NULL */
	const char *help;
} verbs[] = {
	{ "list", cr_local_list, cr_ask_list, NULL, "running jobs of this user" },
	{ "status", cr_local_status, cr_ask_status, "JOB",
	  "one job, its processes, its last checkpoint" },
	{ "checkpoint", cr_local_checkpoint, cr_ask_checkpoint, "JOB",
	  "save it; prints its folder, or number, once committed" },
	{ "attach", cr_attach_first, cr_attach_first, "PID",
	  "make a running process tree or container a job (crctl attach --help)" },
	{ "kill", cr_local_kill, cr_ask_kill, "JOB", "end all its processes (SIGKILL)" },
	{ "check", cr_local_check, cr_ask_check, "JOB|PID|COMMAND",
	  "what could not be saved or would come back different" },
	{ "forget", cr_local_forget, cr_ask_forget, "JOB|DIR/NAME",
	  "remove one that is over, with its checkpoints; DIR/NAME: on this host" },
	{ "top", cr_top_run, cr_top_run, NULL, "nodes and jobs on the terminal, moment by moment" },
	{ "run", NULL, cr_ask_run, "COMMAND", "a new job, on nodes that the cluster chooses" },
	{ "restart", NULL, cr_ask_restart, "JOB",
	  "a job that has ended or failed, from its last checkpoint" },
	{ "migrate", cr_local_migrate, cr_ask_migrate, "JOB[.MEMBER] NODE",
	  "stop it and go on there; NODE without a cluster: ssh:HOST[:DIR]" },
	{ "drill", NULL, cr_drill_verb, "NODE FAULT",
	  "rehearse cpu|mem|disk|kill|net|hang|migrate there" },
	{ "nodes", NULL, cr_ask_nodes, NULL, "the nodes of the cluster" },
	{ "events", NULL, cr_ask_events, NULL, "what has happened in the cluster" },
	{ "dashboard", NULL, cr_ask_dashboard, NULL, "a link that signs a browser in, once" },
	{ "drain", NULL, cr_ask_drain, "NODE", "move its jobs elsewhere and give it no more" },
	{ "undrain", NULL, cr_ask_undrain, "NODE", "give it jobs again" },
	{ "fenced", NULL, cr_ask_fenced, "NODE",
	  "it is dead, I have made sure: start its jobs elsewhere now" },
};

static void crctl_usage(void)
{
	printf("Usage: crctl VERB [JOB|NODE|PID|COMMAND] [OPTION…]\n\n");
	for (size_t i = 0; i < CR_ARRAY_SIZE(verbs); i++)
		printf("  %-11s%-17s %s\n", verbs[i].name, verbs[i].of ? verbs[i].of : "",
		       verbs[i].help);
	printf("\n");
	cr_ctl_options_usage();
	printf("\nJobs of this host are found in CR_RUNTIME_DIR, those of a cluster by its crnode "
	       "(CR_NODE_SOCKET).\nThe last eight verbs are of clusters. Exit status: 0, or as in "
	       "cairn-exit-codes(7).\n");
}

static int crctl_run(int argc, char **argv, struct cr_ctl *c)
{
	const char *name = NULL;

	if (cr_ctl_options(c, argc, argv, &name))
		return -1;
	if (c->help)
		crctl_usage();
	else if (c->version)
		printf("crctl (Cairn) " PACKAGE_VERSION "\n");
	if (c->help || c->version)
		return 0;
	for (size_t i = 0; name && i < CR_ARRAY_SIZE(verbs); i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(name, v->name))
			continue;
		if (c->interactive && !c->of[0])
			return v->cluster(c);
		if (!v->of != !(c->of[0] || c->command) ||
		    !(v->of && strchr(v->of, ' ')) != !c->of[1])
			return cr_fail(&c->err, CR_EXIT_USAGE, 0, "usage: crctl %s%s%s", v->name,
				       v->of ? " " : "", v->of ? v->of : "");
		return c->coordinator || !v->local ? v->cluster(c) : v->local(c);
	}
	return cr_fail(&c->err, CR_EXIT_USAGE, 0, "%s%s (try --help)",
		       name ? "unknown verb " : "no verb given", name ? name : "");
}

int main(int argc, char **argv)
{
	static struct cr_ctl c;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "attach"))
		return cr_attach(argc - 1, argv + 1);
	ret = crctl_run(argc, argv, &c);
	if ((cr_output_end(&c.err) || ret) && c.err.text[0])
		cr_err_print(&c.err);
	return c.err.status;
}
