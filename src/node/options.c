// SPDX-License-Identifier: Apache-2.0
//
// crnode's table of options, and what must be there.
#include "node/options.h"

#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/label.h"
#include "common/runtime.h"
#include "net/trust.h"
#include "net/trust_options.h"

#define ROW(field) offsetof(struct cr_node_options, field)
static const struct cr_arg rows[] = {
	{ "coordinator", 'c', CR_ARG_LIST, ROW(coordinators), 0, 0, "CR_COORDINATOR",
	  "ADDR[,ADDR2]", "HOST[:PORT] of the coordinator; required" },
	{ "name", 'n', CR_ARG_TEXT, ROW(name), 0, 0, "CR_NODE_NAME", "NODE",
	  "this node's name (default: the host's)" },
	{ "store", 's', CR_ARG_TEXT, ROW(store), 0, 0, "CR_STORE", "DIR",
	  "where images lie; required" },
	CR_TRUST_ROWS(struct cr_node_options),
	{ "socket", 0, CR_ARG_TEXT, ROW(socket), 0, 0, "CR_NODE_SOCKET", "PATH",
	  "where this node's users connect (default: /run/cairn/node.sock as root)" },
	{ "label", 'l', CR_ARG_LIST, ROW(labels), 0, 0, "CR_LABELS", "KEY=VALUE",
	  "by which jobs choose nodes; several times" },
	{ "address", 'a', CR_ARG_LIST, ROW(addresses), 0, 0, "CR_ADDRESSES", "ADDR",
	  "of this node, the preferred first (default: the interfaces')" },
	{ "image-listen", 0, CR_ARG_TEXT, ROW(image_listen), 0, 0, "CR_IMAGE_LISTEN", "ADDR",
	  "where other nodes send images (default: any address and port)" },
	{ "rate", 0, CR_ARG_NUMBER, ROW(rate), 0, 1e12, "CR_RATE", "BYTES",
	  "send images with at most so many bytes per second" },
	{ "drain-timeout", 0, CR_ARG_NUMBER, ROW(drain_timeout), 0, 1e6, "CR_DRAIN_TIMEOUT",
	  "SECONDS", "how long SIGTERM waits until jobs have moved (default: 60)" },
	{ "preempt-file", 0, CR_ARG_TEXT, ROW(preempt_file), 0, 0, "CR_PREEMPT_FILE", "PATH",
	  "when this file appears, the node is drained" },
	{ "user-connections", 0, CR_ARG_NUMBER, ROW(user_connections), 8, 1e6,
	  "CR_USER_CONNECTIONS", "N",
	  "that a user may have to the socket, without members' (8 to 1000000; default: 256)" },
	{ "user-requests", 0, CR_ARG_NUMBER, ROW(user_requests), 8, 1e6, "CR_USER_REQUESTS", "N",
	  "that a user may wait for at once (8 to 1000000; default: 128)" },
	{ "user-bytes", 0, CR_ARG_NUMBER, ROW(user_bytes), 1 << 20, 1e12, "CR_USER_BYTES", "BYTES",
	  "of a user that may be under way at once (1048576 to 1e12; default: 67108864)" },
	{ "ready-fd", 0, CR_ARG_NUMBER, ROW(ready_fd), -1, 1e6, NULL, "N",
	  "write a line feed there when the node is a member of its cluster" },
	{ "help", 'h', CR_ARG_FLAG, ROW(help), 0, 0, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, ROW(version), 0, 0, NULL, NULL, "the version" },
};
#undef ROW

void cr_node_usage(void)
{
	printf("Usage: crnode --coordinator ADDR --store DIR [OPTION]...\n"
	       "Makes this host a node of a cluster: runs jobs' members, keeps and ships "
	       "images.\n\n");
	cr_args_print(rows, CR_ARRAY_SIZE(rows));
	printf("\nExit status: cairn-exit-codes(7).\n");
}

int cr_node_options(struct cr_node_options *o, int argc, char **argv, struct cr_err *err)
{
	cairn_Label label;
	int first, ret;
	size_t i;

	*o = (struct cr_node_options){ .ready_fd = -1,
					.drain_timeout = 60,
					.user_connections = 256,
					.user_requests = 128,
					.user_bytes = 64 << 20 };
	first = cr_args_parse(rows, CR_ARRAY_SIZE(rows), o, argc, argv, err);
	if (first < 0 || o->help || o->version)
		return first < 0 ? first : 0;
	if (first < argc)
		return cr_fail(err, CR_EXIT_USAGE, 0, "'%s' is not an option (try --help)",
			       argv[first]);
	if (!o->coordinators.n)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "give the coordinator's address with --coordinator");
	if (!o->store)
		return cr_fail(err, CR_EXIT_USAGE, 0, "give a directory for images with --store");
	ret = cr_trust_chosen(&o->trust, "", err);
	for (i = 0; i < o->labels.n && !ret; i++)
		ret = cr_label_parse(o->labels.v[i], &label, err);
	if (ret)
		return ret;
	return o->name ? cr_name_check(o->name, err) : 0;
}
