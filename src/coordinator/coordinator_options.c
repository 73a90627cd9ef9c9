// SPDX-License-Identifier: Apache-2.0
//
// crcoordinator's table of options, and what must be there.
#include "coordinator/coordinator_options.h"

#include <stdio.h>
#include <string.h>

#include "common/args.h"
#include "common/args_help.h"
#include "common/defs.h"
#include "common/err.h"
#include "coordinator/evacuate_policy.h"
#include "net/link.h"
#include "net/trust.h"
#include "net/trust_options.h"

#define FIELD(field) CR_ARG_FIELD(struct cr_coordinator_options, field)
static const struct cr_arg rows[] = {
	{ "init", 0, CR_ARG_TEXT, FIELD(init), 0, 0, NULL, NULL, "KEYFILE",
	  "make a new shared key, and nothing else" },
	{ "listen", 'l', CR_ARG_TEXT, FIELD(listen), 0, 0, NULL, "CR_LISTEN", "ADDR",
	  "where nodes connect, [HOST][:PORT]; required" },
	{ "state", 's', CR_ARG_TEXT, FIELD(state), 0, 0, NULL, "CR_STATE", "DIR",
	  "where the cluster's database is; required" },
	{ "name", 'n', CR_ARG_TEXT, FIELD(name), 0, 0, "cairn", "CR_CLUSTER", "CLUSTER",
	  "this cluster's name" },
	CR_TRUST_ROWS(struct cr_coordinator_options),
	{ "lease", 0, CR_ARG_TIME, FIELD(lease), 0.2, 3600, "2", "CR_LEASE", "TIME",
	  "a node that is silent for longer has lost its members" },
	{ "heartbeat", 0, CR_ARG_TIME, FIELD(heartbeat), 0.02, 600, "0.25", "CR_HEARTBEAT", "TIME",
	  "between two heartbeats of a node" },
	{ "fence-command", 0, CR_ARG_TEXT, FIELD(fence_command), 0, 0, NULL, "CR_FENCE_COMMAND",
	  "COMMAND", "run with a lost node's name and address; status 0: it is off" },
	{ "evacuate", 0, CR_ARG_TEXT, FIELD(evacuate), 0, 0, NULL, "CR_EVACUATE",
	  "WHAT=LIMIT/TIME,...",
	  "move jobs off a node that is above a limit for longer, as cpu=0.95/30s,full=2m",
	  .check = cr_evac_check },
	{ "evacuate-margin", 0, CR_ARG_REAL, FIELD(evacuate_margin), 0, 0.9, "0.1",
	  "CR_EVACUATE_MARGIN", "PART", "of a limit, by which they stay below it elsewhere" },
	{ "evacuate-cooldown", 0, CR_ARG_TIME, FIELD(evacuate_cooldown), 0, 86400, "300",
	  "CR_EVACUATE_COOLDOWN", "TIME",
	  "a job that was moved stays, and the node it left takes none" },
	{ "evacuate-window", 0, CR_ARG_TIME, FIELD(evacuate_window), 10, 110, "60",
	  "CR_EVACUATE_WINDOW", "TIME", "of the past that trends are seen in" },
	{ "evacuate-dry-run", 0, CR_ARG_FLAG, FIELD(evacuate_dry_run), 0, 0, NULL,
	  "CR_EVACUATE_DRY_RUN", NULL, "only tell, as events, what would be moved" },
	{ "http", 0, CR_ARG_TEXT, FIELD(http), 0, 0, NULL, "CR_HTTP", "ADDR",
	  "page, JSON and metrics over HTTP: [HOST]:PORT or unix:PATH" },
	{ "http-cert", 0, CR_ARG_TEXT, FIELD(http_cert), 0, 0, NULL, "CR_HTTP_CERT", "FILE",
	  "TLS for --http, needed if it is not loopback: certificate (PEM)" },
	{ "http-key", 0, CR_ARG_TEXT, FIELD(http_key), 0, 0, NULL, "CR_HTTP_KEY", "FILE",
	  "and its key (PEM), which not everybody may read" },
	{ "http-host", 0, CR_ARG_TEXT, FIELD(http_host), 0, 0, NULL, "CR_HTTP_HOST", "NAMES",
	  "by which browsers reach --http, besides addresses and the host's name" },
	{ "user-connections", 0, CR_ARG_WHOLE, FIELD(user_connections), 8, 1e6, "256",
	  "CR_USER_CONNECTIONS", "N", "that a user may have to control.sock" },
	{ "user-members", 0, CR_ARG_WHOLE, FIELD(user_members), 1, 1e6, "4096", "CR_USER_MEMBERS",
	  "N", "of jobs that are not over, of one user" },
	{ "user-starts", 0, CR_ARG_REAL, FIELD(user_starts), 0.1, 1e6, "100", "CR_USER_STARTS", "N",
	  "jobs and members that a user may ask for per second" },
	{ "user-bytes", 0, CR_ARG_SIZE, FIELD(user_bytes), 1 << 20, 1e12, "268435456",
	  "CR_USER_BYTES", "SIZE", "of a user's commands, as long as jobs are known" },
	{ "log", 0, CR_ARG_CHOICE, FIELD(log), CR_LOG_TEXT, 0, "text", "CR_LOG", "text|json",
	  "lines of the log: for people, or an object of JSON each" },
	{ "ready-fd", 0, CR_ARG_WHOLE, FIELD(ready_fd), -1, 1e6, "-1", NULL, "N",
	  "write a line feed there when nodes can connect" },
	{ "help", 'h', CR_ARG_FLAG, FIELD(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, FIELD(version), 0, 0, NULL, NULL, NULL, "the version" },
};
#undef FIELD

void cr_coordinator_usage(void)
{
	struct cr_args a = CR_ARGS(rows, NULL);

	printf("Usage: crcoordinator --listen ADDR --state DIR --key FILE [OPTION…]\n"
	       "       crcoordinator --init KEYFILE\n"
	       "Holds a cluster together: its nodes, jobs and checkpoints.\n\n");
	cr_args_print(&a);
	printf("\nExit status: cairn-exit-codes(7).\n");
}

int cr_coordinator_options(struct cr_coordinator_options *o, int argc, char **argv,
			   struct cr_err *err)
{
	struct cr_args a = CR_ARGS(rows, o);
	int first = cr_args_parse(&a, argc, argv, err);

	if (first < 0 || o->help || o->version)
		return first < 0 ? first : 0;
	if (first < argc)
		return cr_fail(err, CR_EXIT_USAGE, 0, "'%s' is not an option (try --help)",
			       argv[first]);
	if (o->init)
		return 0;
	if (!o->listen || !o->state)
		return cr_fail(err, CR_EXIT_USAGE, 0, "give --listen ADDR and --state DIR");
	first = cr_trust_chosen(&o->trust, " (crcoordinator --init KEYFILE makes a key)", err);
	if (first)
		return first;
	if (!o->http_cert != !o->http_key)
		return cr_fail(err, CR_EXIT_USAGE, 0, "give --http-cert and --http-key together");
	if (!o->http && (o->http_cert || o->http_host))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--http-cert, --http-key and --http-host are for --http");
	if (o->heartbeat * 3 > o->lease)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--lease %g must be at least three times --heartbeat %g", o->lease,
			       o->heartbeat);
	return 0;
}
