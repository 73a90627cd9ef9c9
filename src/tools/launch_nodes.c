// SPDX-License-Identifier: Apache-2.0
//
// crlaunch --nodes. Each member is a crlaunch of its own, started by a node's crnode with the same
// options; those that are about the cluster mean nothing to it then.
#include "common/io.h"
#include "shepherd/cluster_link.h"
#include "shepherd/options.h"
#include "tools/launch_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool launch_nodes_take_job(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	if (r->which_row == cairn_Reply_job_tag)
		*(cairn_JobRow *)arg = r->row.job;
	return true;
}

/* Without the -- that ends them. */
static char **options_of(char **argv, int first)
{
	char **options = calloc(first + 1, sizeof(*options));
	int i;

	for (i = 1; options && i < first && strcmp(argv[i], "--"); i++)
		options[i - 1] = argv[i];
	return options;
}

int cr_launch_nodes(const struct cr_options *o, const char *name, char **argv, int first,
		    struct cr_err *err)
{
	static cairn_Request q;
	static cairn_JobRow job;
	cr_auto_fd fd = cr_client_connect(o->coordinator, err);
	cr_auto_free char **options = options_of(argv, first);
	cr_auto_free void *payload = NULL;
	size_t len, at = 0;
	int ret, i;

	if (fd < 0)
		return fd;
	q.ask = cairn_Ask_ASK_RUN;
	q.members = o->job.nodes;
	q.has_policy = true;
	q.follow = !o->detach;
	snprintf(q.job, sizeof(q.job), "%s", name);
	for (i = first; argv[i] && at + 1 < sizeof(q.command); i++)
		at += snprintf(q.command + at, sizeof(q.command) - at, "%s%s", at ? " " : "",
			       argv[i]);
	cr_job_policy(&o->job, &q.policy);
	/* One each, as said. */
	q.policy.spread = true;
	payload = cr_client_command(&q, options, argv + first, &len, err);
	if (!payload)
		return -EINVAL;
	ret = cr_client_ask(fd, &q, payload, len, launch_nodes_take_job, &job, err);
	if (!ret)
		ret = cr_client_outcome(&job, err);
	if (ret)
		return ret;
	if (o->detach)
		printf("%s\n", job.name);
	return o->detach ? 0 : job.status;
}
