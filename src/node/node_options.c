// SPDX-License-Identifier: Apache-2.0
//
// crnode's table of options, and what must be there.
#include "node/node_options.h"

#include <stdio.h>
#include <string.h>

#include "common/args_help.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/label.h"
#include "common/runtime.h"
#include "net/trust.h"
#include "net/trust_options.h"
#include "node/notice.h"

static int check_label(const char *value, struct cr_err *err)
{
	cairn_Label label;

	return cr_label_parse(value, &label, err);
}

#define FIELD(field) CR_ARG_FIELD(struct cr_node_options, field)
static const struct cr_arg rows[] = {
	{ "coordinator", 'c', CR_ARG_LIST, FIELD(coordinators), 0, 16, NULL, "CR_COORDINATOR",
	  "ADDR[,ADDR2]", "HOST[:PORT] of the coordinator; required" },
	{ "name", 'n', CR_ARG_TEXT, FIELD(name), 0, 0, NULL, "CR_NODE_NAME", "NODE",
	  "this node's name (default: the host's)", .check = cr_name_check },
	{ "store", 's', CR_ARG_TEXT, FIELD(store), 0, 0, NULL, "CR_STORE", "DIR",
	  "where images lie; required" },
	CR_TRUST_ROWS(struct cr_node_options),
	{ "socket", 0, CR_ARG_TEXT, FIELD(socket), 0, 0, NULL, "CR_NODE_SOCKET", "PATH",
	  "where this node's users connect (default: /run/cairn/node.sock as root)" },
	{ "label", 'l', CR_ARG_LIST, FIELD(labels), 0, 16, NULL, "CR_LABELS", "KEY=VALUE",
	  "by which jobs choose nodes; several times", .check = check_label },
	{ "address", 'a', CR_ARG_LIST, FIELD(addresses), 0, 16, NULL, "CR_ADDRESSES", "ADDR",
	  "of this node, the preferred first (default: the interfaces')" },
	{ "image-listen", 0, CR_ARG_TEXT, FIELD(image_listen), 0, 0, NULL, "CR_IMAGE_LISTEN",
	  "ADDR", "where other nodes send images (default: any address and port)" },
	{ "rate", 0, CR_ARG_SIZE, FIELD(rate), 0, 1e12, NULL, "CR_RATE", "SIZE",
	  "send images with at most so many bytes per second" },
	{ "drain-timeout", 0, CR_ARG_TIME, FIELD(drain_timeout), 0, 1e6, "60", "CR_DRAIN_TIMEOUT",
	  "TIME", "how long SIGTERM waits until jobs have moved" },
	{ "preempt-file", 0, CR_ARG_TEXT, FIELD(preempt_file), 0, 0, NULL, "CR_PREEMPT_FILE",
	  "PATH", "when this file appears, the node is drained" },
	{ "notice", 0, CR_ARG_CHOICE, FIELD(notice), 0, 0, "none", "CR_NOTICE",
	  "none|aws|gcp|azure|file",
	  "ask whether the cloud takes this machine back, and drain then" },
	{ "notice-address", 0, CR_ARG_TEXT, FIELD(notice_address), 0, 0, NULL, "CR_NOTICE_ADDRESS",
	  "URL", "of its metadata service, without a path; of file: the file" },
	{ "notice-poll", 0, CR_ARG_TIME, FIELD(notice_poll), 0.1, 60, "5", "CR_NOTICE_POLL", "TIME",
	  "between two questions" },
	{ "allow-drills", 0, CR_ARG_FLAG, FIELD(allow_drills), 0, 0, NULL, "CR_ALLOW_DRILLS", NULL,
	  "crctl drill may rehearse faults here" },
	{ "host-root", 0, CR_ARG_TEXT, FIELD(host_root), 0, 0, "/", "CR_HOST_ROOT", "DIR",
	  "whose proc and sys tell how this host fares" },
	{ "user-connections", 0, CR_ARG_WHOLE, FIELD(user_connections), 8, 1e6, "256",
	  "CR_USER_CONNECTIONS", "N", "that a user may have to the socket, without members'" },
	{ "user-requests", 0, CR_ARG_WHOLE, FIELD(user_requests), 8, 1e6, "128", "CR_USER_REQUESTS",
	  "N", "that a user may wait for at once" },
	{ "user-bytes", 0, CR_ARG_SIZE, FIELD(user_bytes), 1 << 20, 1e12, "67108864",
	  "CR_USER_BYTES", "SIZE", "of a user that may be under way at once" },
	{ "log", 0, CR_ARG_CHOICE, FIELD(log), CR_LOG_TEXT, 0, "text", "CR_LOG", "text|json",
	  "lines of the log: for people, or an object of JSON each" },
	{ "ready-fd", 0, CR_ARG_WHOLE, FIELD(ready_fd), -1, 1e6, "-1", NULL, "N",
	  "write a line feed there when the node is a member of its cluster" },
	{ "help", 'h', CR_ARG_FLAG, FIELD(help), 0, 0, NULL, NULL, NULL, "this text" },
	{ "version", 'V', CR_ARG_FLAG, FIELD(version), 0, 0, NULL, NULL, NULL, "the version" },
};
#undef FIELD

void cr_node_usage(void)
{
	struct cr_args a = CR_ARGS(rows, NULL);

	printf("Usage: crnode --coordinator ADDR --store DIR [OPTION…]\n"
	       "Makes this host a node of a cluster: runs jobs' members, keeps and ships "
	       "images.\n\n");
	cr_args_print(&a);
	printf("\nExit status: cairn-exit-codes(7).\n");
}

int cr_node_options(struct cr_node_options *o, int argc, char **argv, struct cr_err *err)
{
	struct cr_args a = CR_ARGS(rows, o);
	int first = cr_args_parse(&a, argc, argv, err);

	if (first < 0 || o->help || o->version)
		return first < 0 ? first : 0;
	if (first < argc)
		return cr_fail(err, CR_EXIT_USAGE, 0, "'%s' is not an option (try --help)",
			       argv[first]);
	if (!o->coordinators.n)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "give the coordinator's address with --coordinator");
	if (o->notice == CR_NOTICE_FILE && !o->notice_address)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "--notice file: give the file's path with --notice-address");
	if (!o->store)
		return cr_fail(err, CR_EXIT_USAGE, 0, "give a directory for images with --store");
	return cr_trust_chosen(&o->trust, "", err);
}
