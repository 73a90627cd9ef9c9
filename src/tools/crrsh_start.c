// SPDX-License-Identifier: Apache-2.0
//
// crrsh's request to its node: a new member of its own job on another node. The connection lasts
// only as long as the request, as it leads out of the job.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "common/io.h"
#include "common/runtime.h"
#include "net/net_frame.h"
#include "tools/crrsh_start.h"

#define ANSWER_MS 60000
/* A checkpoint or restart of our job, or of crnode, may end the connection. */
#define TRIES 5

static int crrsh_start_connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)))
		cr_close_fd(&fd);
	return fd;
}

/* The node that we are on may be another one than when our environment was made. */
static int connect_to_node(struct cr_err *err)
{
	const char *told = getenv("CR_NODE_SOCKET");
	char dir[CR_PATH_MAX], own[CR_PATH_MAX + 16] = "";
	struct cr_err none = { 0 };
	int fd = -1;

	if (!cr_runtime_dir(dir, &none))
		snprintf(own, sizeof(own), "%s/node.sock", dir);
	if (told && *told)
		fd = crrsh_start_connect_to(told);
	if (fd < 0 && *own)
		fd = crrsh_start_connect_to(own);
	if (fd < 0)
		fd = crrsh_start_connect_to("/run/cairn/node.sock");
	if (fd < 0)
		cr_fail(err, CR_EXIT_CLUSTER, errno, "no crnode answers at %s",
			told && *told ? told : "/run/cairn/node.sock");
	return fd;
}

/* Strings with a zero behind each; out NULL: only how many bytes. */
static size_t lay_out(char *out, char *const *argv, char *const *env)
{
	char *const *lists[] = { argv, (char *[]){ "", NULL }, env, (char *[]){ "/", NULL } };
	size_t at = 0, i;
	char *const *s;

	for (i = 0; i < 4; i++)
		for (s = lists[i]; *s; s++) {
			if (out)
				strcpy(out + at, *s);
			at += strlen(*s) + 1;
		}
	return at;
}

/* 1: answered; 0 or less: not. */
static int crrsh_start_ask(const cairn_ClusterMsg *question, const char *payload, size_t len,
			   cairn_ClusterMsg *answer, struct cr_err *err)
{
	cr_auto_fd fd = connect_to_node(err);
	void *extra = NULL;
	size_t extra_len;
	int ret;

	if (fd < 0)
		return fd;
	ret = cr_frame_send(fd, cairn_ClusterMsg_fields, question, payload, len, ANSWER_MS);
	while (!ret) {
		ret = cr_frame_recv(fd, cairn_ClusterMsg_fields, answer, &extra, &extra_len,
				    ANSWER_MS);
		free(extra);
		extra = NULL;
		/* Nothing else is for us. */
		if (ret == 1 && (answer->which_body != cairn_ClusterMsg_reply_tag ||
				 (!answer->body.reply.last && !answer->body.reply.status)))
			ret = 0;
		else if (!ret)
			ret = -EPIPE;
	}
	return ret;
}

int cr_rsh_start(const char *node, char *const *argv, char *const *env, struct cr_err *err)
{
	cr_auto_free cairn_ClusterMsg *q = calloc(2, sizeof(*q));
	cairn_ClusterMsg *answer = q + 1;
	size_t len = lay_out(NULL, argv, env);
	cr_auto_free char *payload = malloc(len);
	const char *self = getenv("CR_MEMBER");
	unsigned long long job;
	cairn_Request *r;
	int ret = 0, i;

	if (!q || !payload)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "asking for a member");
	r = &q->body.request;
	if (!self || sscanf(self, "%llu:%u:%u", &job, &r->from.member, &r->from.epoch) != 3)
		return cr_fail(
			err, CR_EXIT_CLUSTER, 0,
			"this is no member of a cluster's job, which alone may start another "
			"on node %s (crlaunch --coordinator)",
			node);
	lay_out(payload, argv, env);
	q->which_body = cairn_ClusterMsg_request_tag;
	r->id = 1;
	r->ask = cairn_Ask_ASK_RUN;
	r->join = true;
	r->has_from = true;
	r->from.job = job;
	r->members = 1;
	snprintf(r->node, sizeof(r->node), "%s", node);
	snprintf(r->job, sizeof(r->job), "%llu", job);
	snprintf(r->command, sizeof(r->command), "%s", argv[0]);
	while (argv[r->arguments])
		r->arguments++;
	for (i = 0; i < TRIES && ret != 1 && !err->status; i++) {
		if (i)
			sleep(1);
		ret = crrsh_start_ask(q, payload, len, answer, err);
	}
	if (err->status)
		return -EIO;
	if (ret != 1)
		return cr_fail(err, CR_EXIT_CLUSTER, ret < 0 ? -ret : 0,
			       "crnode does not answer, so that nothing runs on node %s", node);
	if (answer->body.reply.status)
		return cr_fail(err, answer->body.reply.status, 0, "nothing runs on node %s: %s",
			       node, answer->body.reply.error);
	return 0;
}
