// SPDX-License-Identifier: Apache-2.0
//
// The socket of this node's users: crctl, crlaunch and crrsh ask there, shepherds stay connected.
// Who they are the kernel tells. A message that its sender may not send ends its connection.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/runtime.h"
#include "common/xalloc.h"
#include "net/listener.h"
#include "net/users.h"
#include "node/beat.h"
#include "node/local.h"
#include "node/node_images.h"
#include "node/node_lease.h"
#include "node/node_members.h"
#include "node/node_requests.h"
#include "node/node_run.h"
#include "node/reconcile_member.h"

#define IDLE_NS 60000000000ll

static void local_forget(struct cr_node_client *c)
{
	struct cr_node_client **p = &c->node->clients;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	cr_requests_gone(c);
	if (c->member)
		c->member->client = NULL;
	free(c);
}

void cr_local_close(struct cr_node_client *c)
{
	cr_link_close(c->link);
	local_forget(c);
}

static void local_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct cr_node_client *c = arg;

	cr_node_turn(c->node);
	local_forget(c);
}

static bool same(const cairn_MemberId *a, const struct cr_node_client *c)
{
	const struct cr_node_member *m = c->member;

	return m && m->id.job == a->job && m->id.member == a->member && m->id.epoch == a->epoch;
}

static bool local_on_request(struct cr_node_client *c, const cairn_ClusterMsg *m,
			     const void *payload, size_t len)
{
	cr_request(c, &m->body.request, payload, len);
	return true;
}

/* A shepherd that we have started, or that ran here before us. */
static bool local_on_here(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
			  size_t len)
{
	const cairn_Here *h = &m->body.here;
	struct cr_node_member *member = cr_member_of(c->node, &h->id);

	if (c->member || !member || member->ended || c->uid != member->uid)
		return false;
	cr_member_shepherd(member, c);
	return true;
}

/* Who has asked nothing for so long, or has not come to the end of it, is not waited for. */
void cr_local_tick(struct cr_node *n, int64_t now)
{
	struct cr_node_client *c, *next;

	for (c = n->clients; c; c = next) {
		next = c->next;
		if (!c->member && !c->asked && now - c->heard_ns > IDLE_NS)
			cr_local_close(c);
	}
}

static bool local_on_event(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
			   size_t len)
{
	if (!same(&m->body.event.id, c))
		return false;
	cr_member_event(c->member, &m->body.event);
	return true;
}

static bool local_on_arrive(struct cr_node_client *c, const cairn_ClusterMsg *m,
			    const void *payload, size_t len)
{
	if (!same(&m->body.arrive.id, c))
		return false;
	cr_member_arrive(c->member, m, payload, len);
	return true;
}

static bool local_on_abort(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
			   size_t len)
{
	if (!same(&m->body.abort.id, c))
		return false;
	cr_member_arrive(c->member, m, payload, len);
	return true;
}

static bool on_pieces(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
		      size_t len)
{
	if (!same(&m->body.pieces.id, c))
		return false;
	cr_images_pieces(c->member, &m->body.pieces, payload, len);
	return true;
}

static const struct {
	pb_size_t which;
	bool (*on)(struct cr_node_client *c, const cairn_ClusterMsg *m, const void *payload,
		   size_t len);
} messages[] = {
	{ cairn_ClusterMsg_request_tag, local_on_request },
	{ cairn_ClusterMsg_here_tag, local_on_here },
	{ cairn_ClusterMsg_event_tag, local_on_event },
	{ cairn_ClusterMsg_arrive_tag, local_on_arrive },
	{ cairn_ClusterMsg_abort_tag, local_on_abort },
	{ cairn_ClusterMsg_pieces_tag, on_pieces },
};

static void local_on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
			     void *arg)
{
	const cairn_ClusterMsg *m = msg;
	struct cr_node_client *c = arg;
	size_t i;

	cr_node_turn(c->node);
	c->heard_ns = cr_node_now();
	for (i = 0; i < CR_ARRAY_SIZE(messages); i++)
		if (messages[i].which == m->which_body) {
			if (!messages[i].on(c, m, payload, len))
				break;
			return;
		}
	cr_say("process %d of user %u is cut off: message %u is not for it to send", c->pid, c->uid,
	       m->which_body);
	cr_local_close(c);
}

static const struct cr_link_handler handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.message = local_on_message,
	.down = local_on_down,
};

static void on_client(struct cr_link *l, void *arg)
{
	struct cr_node_client *c = cr_xcalloc(1, sizeof(*c));
	struct cr_node *n = arg;
	struct ucred who;
	socklen_t len = sizeof(who);

	cr_node_turn(n);
	if (getsockopt(cr_link_fd(l), SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		free(c);
		cr_link_close(l);
		return;
	}
	*c = (struct cr_node_client){ .next = n->clients, .node = n, .link = l };
	c->uid = who.uid;
	c->gid = who.gid;
	c->pid = who.pid;
	c->heard_ns = cr_node_now();
	n->clients = c;
	cr_link_handle(l, &handler, c);
}

static int default_path(struct cr_node *n, struct cr_err *err)
{
	char dir[CR_PATH_MAX];
	int ret;

	if (n->options.socket) {
		/* Members are told of it, and they have other working directories. */
		if (n->options.socket[0] == '/' || !getcwd(dir, sizeof(dir)))
			*dir = 0;
		snprintf(n->socket, sizeof(n->socket), "%.2000s%s%.2000s", dir, *dir ? "/" : "",
			 n->options.socket);
		return 0;
	}
	if (n->privileged) {
		cr_mkdir_p("/run/cairn", 0755);
		snprintf(n->socket, sizeof(n->socket), "/run/cairn/node.sock");
		return 0;
	}
	ret = cr_runtime_dir(dir, err);
	snprintf(n->socket, sizeof(n->socket), "%.4000s/node.sock", dir);
	return ret;
}

int cr_local_listen(struct cr_node *n, struct cr_err *err)
{
	const struct cr_users_limits limits = { n->options.user_connections,
						n->options.user_bytes, "crnode" };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, ret = default_path(n, err);

	if (ret)
		return ret;
	if (strlen(n->socket) >= sizeof(at.sun_path))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--socket %s: longer than %zu bytes",
			       n->socket, sizeof(at.sun_path) - 1);
	strcpy(at.sun_path, n->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return cr_fail(err, CR_EXIT_EXISTS, 0,
			       "another crnode listens at %s (give another --socket)", n->socket);
	}
	close(fd);
	unlink(n->socket);
	n->listener = cr_link_listen(n->base, (struct sockaddr *)&at, sizeof(at), NULL, on_client,
				     n, err);
	if (!n->listener)
		return -EIO;
	n->users = cr_users_new(&limits);
	if (!n->users)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "connections");
	cr_listener_users(n->listener, n->users);
	cr_beats_page(n);
	if (chmod(n->socket, n->privileged ? 0666 : 0600))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot open %s to users", n->socket);
	return 0;
}
