// SPDX-License-Identifier: Apache-2.0
//
// How a shepherd becomes a member of a cluster's job: crlaunch asks its node's crnode for a new
// one, or crnode has started it and told by CR_START which one it is.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/label.h"
#include "net/net_frame.h"
#include "shepherd/cluster_join.h"
#include "shepherd/cluster_link.h"
#include "shepherd/shepherd.h"

#define ANSWER_MS 30000
#define LEASE_FIRST_MS 2000

bool cr_cluster_named(struct cr_cluster *c)
{
	const char *text = getenv(CR_ENV_START);
	unsigned long long job;
	char rest;

	if (c->id.job)
		return true;
	if (!text || sscanf(text, "%llu:%u:%u:%u%c", &job, &c->id.member, &c->id.epoch,
			    &c->operation, &rest) != 4)
		return false;
	c->id.job = job;
	unsetenv(CR_ENV_START);
	return true;
}

/* Sends c->out; the answer is a Joined. */
static int cluster_join_ask(struct cr_cluster *c, struct cr_err *err)
{
	const cairn_Reply *reply = &c->in.body.reply;
	void *extra = NULL;
	size_t extra_len;
	int ret;

	ret = cr_frame_send(c->fd, cairn_ClusterMsg_fields, &c->out, NULL, 0, ANSWER_MS);
	/* It may have said why and hung up. */
	if (ret == -EPIPE || ret == -ECONNRESET)
		ret = 0;
	do {
		free(extra);
		extra = NULL;
		if (!ret)
			ret = cr_frame_recv(c->fd, cairn_ClusterMsg_fields, &c->in, &extra,
					    &extra_len, ANSWER_MS);
	} while (ret == 1 && c->in.which_body == cairn_ClusterMsg_lease_tag && !(ret = 0));
	free(extra);
	if (ret == 1 && c->in.which_body == cairn_ClusterMsg_refusal_tag)
		return cr_fail(err, c->in.body.refusal.status, 0, "%s", c->in.body.refusal.error);
	if (ret != 1 || c->in.which_body != cairn_ClusterMsg_reply_tag)
		return cr_fail(err, CR_EXIT_CLUSTER, ret < 0 ? -ret : 0,
			       "what listens at %s does not answer as crnode does", c->socket);
	if (reply->status)
		return cr_fail(err, reply->status, 0, "%s", reply->error);
	if (reply->which_row != cairn_Reply_joined_tag)
		return cr_fail(err, CR_EXIT_CLUSTER, 0, "crnode at %s has not said who we are",
			       c->socket);
	c->id = reply->row.joined.id;
	c->gather.members = reply->row.joined.members ? reply->row.joined.members : 1;
	c->lease_until =
		cr_host_boottime_ns() +
		(reply->row.joined.lease_ms ? reply->row.joined.lease_ms : LEASE_FIRST_MS) *
			1000000ll;
	memcpy(c->directory, reply->row.joined.directory, sizeof(c->directory));
	return 0;
}

/* Local sockets are found by it: two members of a job may be on one node. */
static void name_member(struct cr_cluster *c, struct cr_shepherd *sh, const char *job)
{
	if (!*job)
		return;
	if (c->id.member)
		snprintf(sh->name, sizeof(sh->name), "%.64s.%u", job, c->id.member);
	else
		snprintf(sh->name, sizeof(sh->name), "%.76s", job);
}

/* Sends c->out, and is a member from then on. */
static int become_member(struct cr_cluster *c, struct cr_shepherd *sh, struct cr_err *err)
{
	int ret = cluster_join_ask(c, err);

	if (ret) {
		cr_close_fd(&c->fd);
		return ret;
	}
	name_member(c, sh, c->in.body.reply.row.joined.name);
	cr_cluster_init(c, sh);
	return 0;
}

int cr_cluster_join(struct cr_cluster *c, struct cr_shepherd *sh, char **argv, struct cr_err *err)
{
	const struct cr_options *o = &sh->options;
	cairn_Request *q = &c->out.body.request;
	size_t n = 0;

	c->fd = cr_client_find(o->coordinator, c->socket, err);
	if (c->fd < 0)
		return c->fd;
	memset(&c->out, 0, sizeof(c->out));
	c->out.which_body = cairn_ClusterMsg_request_tag;
	q->ask = cairn_Ask_ASK_JOIN;
	q->id = 1;
	q->join = o->join != NULL;
	snprintf(q->job, sizeof(q->job), "%s", o->join ? o->join : sh->name);
	for (; *argv && n + 1 < sizeof(q->command); argv++)
		n += snprintf(q->command + n, sizeof(q->command) - n, "%s%s", n ? " " : "", *argv);
	q->has_policy = true;
	cr_job_policy(&o->job, &q->policy);
	return become_member(c, sh, err);
}

int cr_cluster_report(struct cr_cluster *c, struct cr_shepherd *sh, struct cr_err *err)
{
	uint32_t operation = c->operation;

	c->fd = cr_client_find(NULL, c->socket, err);
	if (c->fd < 0)
		return c->fd;
	memset(&c->out, 0, sizeof(c->out));
	c->out.which_body = cairn_ClusterMsg_here_tag;
	c->out.body.here.has_id = true;
	c->out.body.here.id = c->id;
	c->out.body.here.pid = getpid();
	c->out.body.here.operation = operation;
	snprintf(c->out.body.here.name, sizeof(c->out.body.here.name), "%s", sh->name);
	return become_member(c, sh, err);
}

void cr_cluster_refuse(struct cr_cluster *c, struct cr_shepherd *sh, const struct cr_err *err)
{
	cairn_MemberEvent e = { .state = cairn_MemberState_MEMBER_FAILED, .exit = err->status };
	struct cr_err none = { 0 };

	if (!c->active && cr_cluster_report(c, sh, &none))
		return;
	snprintf(e.error, sizeof(e.error), "%s", err->text);
	cr_cluster_failed(c, err);
	cr_cluster_tell(c, &e);
	shutdown(c->fd, SHUT_WR);
}

void cr_cluster_environment(const struct cr_cluster *c)
{
	char text[64];

	if (!c->active)
		return;
	snprintf(text, sizeof(text), "%llu:%u:%u:0", (unsigned long long)c->id.job, c->id.member,
		 c->id.epoch);
	setenv(CR_ENV_MEMBER, text, 1);
	setenv(CR_ENV_NODE_SOCKET, c->socket, 1);
}
