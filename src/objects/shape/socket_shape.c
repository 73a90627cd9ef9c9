// SPDX-License-Identifier: Apache-2.0
//
// Sockets of any family, in words.
#include "objects/shape/socket_shape.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static const char *type_name(uint32_t type)
{
	return type == SOCK_STREAM ? "stream" :
	       type == SOCK_DGRAM  ? "dgram" :
	       type == SOCK_RAW	   ? "raw" :
				     "seqpacket";
}

static const char *inet_family(const cairn_InetSocket *s)
{
	bool v6 = s->family == AF_INET6;

	if (s->family != AF_INET && !v6)
		return "packet";
	if (s->type == SOCK_STREAM)
		return v6 ? "tcp6" : "tcp";
	if (s->type == SOCK_DGRAM)
		return v6 ? "udp6" : "udp";
	return v6 ? "raw6" : "raw";
}

static const char *inet_state(const cairn_InetSocket *s)
{
	/* TCP_ESTABLISHED and what follows it. */
	static const char *const names[] = { "",	   "connected",	 "connecting", "syn-recv",
					     "fin-wait-1", "fin-wait-2", "time-wait",  "unbound",
					     "close-wait", "last-ack",	 "listening",  "closing" };

	if (s->state == 7 && s->local.size >= 4 && (s->local.bytes[2] || s->local.bytes[3]))
		return "bound";
	return s->state < CR_ARRAY_SIZE(names) ? names[s->state] : "";
}

static void of_inet(const cairn_InetSocket *s, struct cr_socket *out)
{
	static const char *const peers[] = {
		"none", "job", "closed", "outside", "waiting", "member"
	};

	*out = (struct cr_socket){
		.id = s->id,
		.family = inet_family(s),
		.type = type_name(s->type),
		.state = inet_state(s),
		.peer_kind = s->peer_kind < CR_ARRAY_SIZE(peers) ? peers[s->peer_kind] : "none",
		.peer = s->peer_kind == cairn_InetPeer_INET_PEER_JOB ? s->peer : 0,
		.waiting = s->content.size,
	};
	snprintf(out->local, sizeof(out->local), "%s",
		 cr_endpoint_text(s->local.bytes, s->local.size).s);
	snprintf(out->remote, sizeof(out->remote), "%s",
		 cr_endpoint_text(s->remote.bytes, s->remote.size).s);
}

static void of_unix(const cairn_UnixSocket *s, struct cr_socket *out)
{
	static const char *const states[] = { "idle", "listening", "connected", "waiting" };
	static const char *const peers[] = { "none", "job", "closed", "outside" };

	*out = (struct cr_socket){
		.id = s->id,
		.family = "unix",
		.type = type_name(s->type),
		.state = s->state < CR_ARRAY_SIZE(states) ? states[s->state] : "",
		.peer_kind = s->peer_kind < CR_ARRAY_SIZE(peers) ? peers[s->peer_kind] : "none",
		.peer = s->peer_kind == cairn_UnixPeer_UNIX_PEER_JOB ? s->peer : 0,
		.waiting = s->content.size,
	};
	snprintf(out->local, sizeof(out->local), "%s", cr_unix_name(s->name.bytes, s->name.size).s);
	snprintf(out->remote, sizeof(out->remote), "%s",
		 cr_unix_name(s->peer_name.bytes, s->peer_name.size).s);
}

int cr_socket_at(const struct cr_model *m, size_t i, struct cr_socket *out)
{
	const struct cr_image *img = m->img;

	if (i < img->inet_sockets.n)
		of_inet(&img->inet_sockets.v[i], out);
	else if (i - img->inet_sockets.n < img->unix_sockets.n)
		of_unix(&img->unix_sockets.v[i - img->inet_sockets.n], out);
	else
		return -ENOENT;
	return 0;
}

int cr_socket_of(const struct cr_model *m, uint32_t id, struct cr_socket *out)
{
	const cairn_InetSocket *inet = cr_model_inet(m, id);
	const cairn_UnixSocket *un = inet ? NULL : cr_model_unix(m, id);

	if (inet)
		of_inet(inet, out);
	else if (un)
		of_unix(un, out);
	return inet || un ? 0 : -ENOENT;
}

static void describe_socket(const struct cr_model *m, const cairn_Description *d, char *out)
{
	struct cr_socket s;

	if (cr_socket_of(m, d->id, &s))
		return;
	cr_append(out, CR_DESCRIBE_MAX, "%s", s.family);
	if (!strcmp(s.family, "unix"))
		cr_append(out, CR_DESCRIBE_MAX, " %s", s.type);
	if (s.local[0])
		cr_append(out, CR_DESCRIBE_MAX, " %s", s.local);
	cr_append(out, CR_DESCRIBE_MAX, " %s", s.state);
	if (s.peer)
		cr_append(out, CR_DESCRIBE_MAX, " to %s", cr_model_who(m, s.peer).s);
	else if (!strcmp(s.state, "connected"))
		cr_append(out, CR_DESCRIBE_MAX, " to %s (%s)", s.remote[0] ? s.remote : "a socket",
			  s.peer_kind);
	if (s.waiting)
		cr_append(out, CR_DESCRIBE_MAX, ", %s to be read", cr_bytes(s.waiting).s);
}

static const cairn_Blob *unix_queue(const struct cr_model *m, const cairn_Description *d)
{
	const cairn_UnixSocket *s = cr_model_unix(m, d->id);

	return s ? &s->content : NULL;
}

static const cairn_Blob *inet_queue(const struct cr_model *m, const cairn_Description *d)
{
	const cairn_InetSocket *s = cr_model_inet(m, d->id);

	return s ? &s->content : NULL;
}

const struct cr_shape cr_shape_unix = {
	.kind = cairn_ObjectKind_OBJECT_UNIX,
	.name = "unix socket",
	.word = "socket",
	.in_folder = true,
	.describe = describe_socket,
	.queue = unix_queue,
};

const struct cr_shape cr_shape_inet = {
	.kind = cairn_ObjectKind_OBJECT_INET,
	.name = "internet socket",
	.word = "socket",
	.describe = describe_socket,
	.queue = inet_queue,
};

const struct cr_shape cr_shape_raw = {
	.kind = cairn_ObjectKind_OBJECT_RAW,
	.name = "raw socket",
	.word = "socket",
	.describe = describe_socket,
};

const struct cr_shape cr_shape_netlink = {
	.kind = cairn_ObjectKind_OBJECT_NETLINK,
	.name = "netlink socket",
	.word = "netlink",
};
