// SPDX-License-Identifier: Apache-2.0
//
// crcoordinator's table of options, and what must be there.
#include "coordinator/options.h"

#include <stdio.h>
#include <string.h>

#include "common/args.h"
#include "common/defs.h"
#include "common/err.h"
#include "net/link.h"
#include "net/trust.h"
#include "net/trust_options.h"

#define ROW(field) offsetof(struct cr_coordinator_options, field)
static const struct cr_arg rows[] = {
	{ "init", 0, CR_ARG_TEXT, ROW(init), 0, 0, NULL, "KEYFILE",
	  "make a new shared key, and nothing else" },
	{ "listen", 'l', CR_ARG_TEXT, ROW(listen), 0, 0, "CR_LISTEN", "ADDR",
	  "where nodes connect, [HOST][:PORT]; required" },
	{ "state", 's', CR_ARG_TEXT, ROW(state), 0, 0, "CR_STATE", "DIR",
	  "where the cluster's database is; required" },
	{ "name", 'n', CR_ARG_TEXT, ROW(name), 0, 0, "CR_CLUSTER", "CLUSTER",
	  "this cluster's name (default: cairn)" },
	CR_TRUST_ROWS(struct cr_coordinator_options),
	{ "lease", 0, CR_ARG_NUMBER, ROW(lease), 0.2, 3600, "CR_LEASE", "SECONDS",
	  "a node that is silent for longer has lost its members (default: 2)" },
	{ "heartbeat", 0, CR_ARG_NUMBER, ROW(heartbeat), 0.02, 600, "CR_HEARTBEAT", "SECONDS",
	  "between two heartbeats of a node (default: 0.25)" },
	{ "fence-command", 0, CR_ARG_TEXT, ROW(fence_command), 0, 0, "CR_FENCE_COMMAND", "COMMAND",
	  "run with a lost node's name and address; status 0: it is off" },
	{ "http", 0, CR_ARG_TEXT, ROW(http), 0, 0, "CR_HTTP", "ADDR",
	  "jobs, nodes, events, metrics over HTTP: loopback [HOST]:PORT or unix:PATH" },
	{ "user-connections", 0, CR_ARG_NUMBER, ROW(user_connections), 8, 1e6,
	  "CR_USER_CONNECTIONS", "N",
	  "that a user may have to control.sock (8 to 1000000; default: 256)" },
	{ "user-members", 0, CR_ARG_NUMBER, ROW(user_members), 1, 1e6, "CR_USER_MEMBERS", "N",
	  "of jobs that are not over, of one user (1 to 1000000; default: 4096)" },
	{ "user-starts", 0, CR_ARG_NUMBER, ROW(user_starts), 0.1, 1e6, "CR_USER_STARTS", "N",
	  "jobs and members that a user may ask for per second (0.1 to 1000000; default: 100)" },
	{ "user-bytes", 0, CR_ARG_NUMBER, ROW(user_bytes), 1 << 20, 1e12, "CR_USER_BYTES", "BYTES",
	  "of a user's commands, as long as jobs are known (1048576 to 1e12; default: 268435456)" },
	{ "ready-fd", 0, CR_ARG_NUMBER, ROW(ready_fd), -1, 1e6, NULL, "N",
	  "write a line feed there when nodes can connect" },
	{ "help", 'h', CR_ARG_FLAG, ROW(help), 0, 0, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, ROW(version), 0, 0, NULL, NULL, "the version" },
};
#undef ROW

void cr_coordinator_usage(void)
{
	printf("Usage: crcoordinator --listen ADDR --state DIR --key FILE [OPTION]...\n"
	       "       crcoordinator --init KEYFILE\n"
	       "Holds a cluster together: its nodes, jobs and checkpoints.\n\n");
	cr_args_print(rows, CR_ARRAY_SIZE(rows));
	printf("\nExit status: cairn-exit-codes(7).\n");
}

int cr_coordinator_options(struct cr_coordinator_options *o, int argc, char **argv,
			   struct cr_err *err)
{
	int first;

	*o = (struct cr_coordinator_options){
		.ready_fd = -1,
		.lease = 2,
		.heartbeat = 0.25,
		.name = "cairn",
		.user_connections = 256,
		.user_members = 4096,
		.user_starts = 100,
		.user_bytes = 256 << 20,
	};
	first = cr_args_parse(rows, CR_ARRAY_SIZE(rows), o, argc, argv, err);
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
	if (o->heartbeat * 3 > o->lease)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--lease %g must be at least three times --heartbeat %g", o->lease,
			       o->heartbeat);
	return 0;
}
