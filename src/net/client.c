// SPDX-License-Identifier: Apache-2.0
//
// Asking the cluster. See client.h.
#include "net/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "common/runtime.h"
#include "net/net_frame.h"
#include "net/link.h"

#define SYSTEM_SOCKET "/run/cairn/node.sock"
/* A daemon on the same host takes a request at once, if it lives. */
#define SEND_MS 20000

int cr_client_again(const char path[CR_CLIENT_PATH])
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, ret;

	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int client_try(const char *from, char path[CR_CLIENT_PATH])
{
	if (strlen(from) >= CR_CLIENT_PATH)
		return -ENAMETOOLONG;
	strcpy(path, from);
	return cr_client_again(path);
}

int cr_client_find(const char *address, char path[CR_CLIENT_PATH], struct cr_err *err)
{
	const char *named = getenv(CR_ENV_NODE_SOCKET);
	char dir[CR_PATH_MAX], own[CR_PATH_MAX + 16];
	struct cr_err none = { 0 };
	int fd;

	if (address && strchr(address, '/')) {
		fd = client_try(address, path);
		return fd >= 0 ? fd :
				 cr_fail(err, CR_EXIT_CLUSTER, -fd,
					 "no crcoordinator or crnode answers at %s", address);
	}
	if (named && *named) {
		fd = client_try(named, path);
		return fd >= 0 ? fd :
				 cr_fail(err, CR_EXIT_CLUSTER, -fd,
					 "no crnode answers at %s, which is " CR_ENV_NODE_SOCKET,
					 named);
	}
	fd = -ENOENT;
	if (!cr_runtime_dir(dir, &none)) {
		snprintf(own, sizeof(own), "%s/node.sock", dir);
		fd = client_try(own, path);
	}
	if (fd == -ENOENT)
		fd = client_try(strcpy(own, SYSTEM_SOCKET), path);
	if (fd >= 0)
		return fd;
	return cr_fail(err, CR_EXIT_CLUSTER, -fd,
		       "no crnode answers at %s (start one on this node, or set CR_NODE_SOCKET)",
		       own);
}

int cr_client_connect(const char *address, struct cr_err *err)
{
	char path[CR_CLIENT_PATH];

	return cr_client_find(address, path, err);
}

/* One message; 0 or -errno with err. */
static int client_receive(int fd, cairn_ClusterMsg *msg, void **payload, size_t *len,
			  struct cr_err *err)
{
	int ret = cr_frame_recv(fd, cairn_ClusterMsg_fields, msg, payload, len, -1);

	if (ret == 1)
		return 0;
	if (ret == -EPROTO)
		return cr_fail(err, CR_EXIT_CLUSTER, 0,
			       "what answers is no crnode, or one of another version");
	return cr_fail(err, CR_EXIT_CLUSTER, -ret,
		       "the crnode of this node ended the connection before it answered");
}

int cr_client_ask(int fd, cairn_Request *q, const void *payload, size_t len, cr_client_row row,
		  void *arg, struct cr_err *err)
{
	static cairn_ClusterMsg msg;
	static uint64_t ids;
	const cairn_Reply *r = &msg.body.reply;
	bool more = true;
	int ret;

	memset(&msg, 0, sizeof(msg));
	q->id = ++ids;
	msg.which_body = cairn_ClusterMsg_request_tag;
	msg.body.request = *q;
	ret = cr_frame_send(fd, cairn_ClusterMsg_fields, &msg, payload, len, SEND_MS);
	/* It may have said why and hung up: then there is something to read. */
	if (ret && ret != -EPIPE && ret != -ECONNRESET)
		return cr_fail(err, CR_EXIT_CLUSTER, -ret, "cannot send to the crnode");
	while (more) {
		cr_auto_free void *extra = NULL;
		size_t extra_len = 0;

		ret = client_receive(fd, &msg, &extra, &extra_len, err);
		if (ret)
			return ret;
		if (msg.which_body == cairn_ClusterMsg_refusal_tag)
			return cr_fail(err, msg.body.refusal.status, 0, "%s",
				       msg.body.refusal.error);
		if (msg.which_body != cairn_ClusterMsg_reply_tag || r->id != q->id)
			continue;
		if (r->status)
			return cr_fail(err, r->status, 0, "%s", r->error);
		if (r->which_row && row)
			more = row(r, extra, extra_len, arg);
		more = more && !r->last;
	}
	return 0;
}

int cr_client_outcome(const cairn_JobRow *job, struct cr_err *err)
{
	if (!strcmp(job->state, "failed"))
		return cr_fail(err, job->status ? job->status : CR_EXIT_CLUSTER, 0, "job %s: %s",
			       job->name, job->why);
	if (!strcmp(job->state, "waiting") && *job->why)
		cr_say("job %s waits: %s", job->name, job->why);
	return 0;
}

/* ---- a command ---- */

struct bytes {
	char *v;
	size_t n, room;
	bool failed;
};

static void client_add(struct bytes *b, const char *text)
{
	size_t len = strlen(text) + 1, room = b->room ? b->room : 4096;
	char *v;

	while (room < b->n + len)
		room *= 2;
	v = room > b->room ? realloc(b->v, room) : b->v;
	if (!v) {
		b->failed = true;
		return;
	}
	b->v = v;
	b->room = room;
	memcpy(v + b->n, text, len);
	b->n += len;
}

static unsigned int add_all(struct bytes *b, char *const *v)
{
	unsigned int n = 0;

	while (v && v[n])
		client_add(b, v[n++]);
	return n;
}

void *cr_client_command(cairn_Request *q, char *const *options, char *const *command, size_t *len,
			struct cr_err *err)
{
	cr_auto_free char *cwd = getcwd(NULL, 0);
	struct bytes b = { 0 };

	if (!cwd) {
		cr_fail(err, CR_EXIT_USAGE, errno,
			"the working directory, which the job would begin in, has no name");
		return NULL;
	}
	q->options = add_all(&b, options);
	q->arguments = add_all(&b, command);
	client_add(&b, "");
	add_all(&b, environ);
	client_add(&b, cwd);
	if (!b.failed && b.n <= CR_LINK_PAYLOAD_MAX) {
		*len = b.n;
		return b.v;
	}
	free(b.v);
	cr_fail(err, CR_EXIT_USAGE, b.failed ? ENOMEM : E2BIG,
		"the command and its environment cannot be sent");
	return NULL;
}
