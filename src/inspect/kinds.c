// SPDX-License-Identifier: Apache-2.0
//
// What a descriptor leads to, in words.
#include "inspect/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/image.h"
#include "inspect/model.h"
#include "inspect/text.h"

/* ---- sockets ---- */

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

/* ---- files ---- */

const char *cr_policy_name(cairn_FilePolicy policy)
{
	static const char *const names[] = {
		[cairn_FilePolicy_FILE_SAME] = "same",
		[cairn_FilePolicy_FILE_RESTORE] = "restore",
		[cairn_FilePolicy_FILE_TRUNCATE] = "truncate",
		[cairn_FilePolicy_FILE_KEEP] = "keep",
		[cairn_FilePolicy_FILE_DELETED] = "deleted",
	};

	return policy < CR_ARRAY_SIZE(names) ? names[policy] : "?";
}

static void describe_file(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Inode *i = cr_model_inode(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "%s%s", d->path, d->deleted ? " (deleted)" : "");
	if (!i)
		return;
	cr_append(out, CR_DESCRIBE_MAX, ", at %llu of %llu, %s%s", (unsigned long long)d->offset,
		  (unsigned long long)i->size, cr_policy_name(i->policy),
		  i->stored ? " (stored)" : "");
}

static void describe_path(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "%s%s", d->path, d->deleted ? " (deleted)" : "");
}

static void describe_stdio(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "descriptor %u of crlaunch or crrestart%s%s", d->slot,
		  d->path[0] ? ": " : "", d->path);
}

/* Whose other end it is. */
static void other_end(const struct cr_model *m, const cairn_Description *d, char *out)
{
	size_t i;

	for (i = 0; i < m->img->descriptions.n; i++) {
		const cairn_Description *o = &m->img->descriptions.v[i];

		if (o == d || o->kind != d->kind || o->object != d->object ||
		    (o->flags & O_ACCMODE) == (d->flags & O_ACCMODE))
			continue;
		cr_append(out, CR_DESCRIBE_MAX, " %s %s",
			  (o->flags & O_ACCMODE) == O_RDONLY ? "to" : "from",
			  cr_model_who(m, o->id).s);
		return;
	}
}

static void describe_pipe(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Pipe *p = cr_model_pipe(m, d->object);

	if (d->kind == cairn_ObjectKind_OBJECT_FIFO)
		cr_append(out, CR_DESCRIBE_MAX, "fifo %s", d->path);
	else
		cr_append(out, CR_DESCRIBE_MAX, "pipe %u", d->object);
	other_end(m, d, out);
	if (p)
		cr_append(out, CR_DESCRIBE_MAX, ", %s of %s waiting", cr_bytes(p->content.size).s,
			  cr_bytes(p->capacity).s);
}

static void describe_memory(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const struct cr_shared_image *s = cr_model_shared(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "memory %u %s", d->object,
		  s ? s->memory.name : "(not in the image)");
	if (s)
		cr_append(out, CR_DESCRIBE_MAX, ", %s", cr_bytes(s->memory.size).s);
}

/* ---- made for event loops ---- */

static void describe_epoll(const struct cr_model *m, const cairn_Description *d, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < m->img->epoll_watches.n; i++)
		n += m->img->epoll_watches.v[i].description == d->id;
	cr_append(out, CR_DESCRIBE_MAX, "epoll of %s", cr_count(n, "file").s);
}

static void describe_inotify(const struct cr_model *m, const cairn_Description *d, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < m->img->inotify_watches.n; i++)
		n += m->img->inotify_watches.v[i].description == d->id;
	cr_append(out, CR_DESCRIBE_MAX, "inotify, %s", cr_count(n, "watch").s);
}

static void describe_eventfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "eventfd%s, value %llu",
		  d->event.semaphore ? " as a semaphore" : "", (unsigned long long)d->event.count);
}

static void describe_timerfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "timerfd of clock %d, %s", d->event.clock,
		  d->event.expiry_ns ? "armed" : "not armed");
	if (d->event.interval_ns)
		cr_append(out, CR_DESCRIBE_MAX, ", every %s", cr_duration(d->event.interval_ns).s);
}

static void describe_signalfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	int i, n = 0;

	cr_append(out, CR_DESCRIBE_MAX, "signalfd for");
	for (i = 0; i < 64; i++)
		if (d->event.signals >> i & 1 && n++ < 6)
			cr_append(out, CR_DESCRIBE_MAX, " %s", cr_signal_name(i + 1).s);
	if (n > 6)
		cr_append(out, CR_DESCRIBE_MAX, " +%d more", n - 6);
}

static void describe_pidfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	if (d->event.pid < 0)
		cr_append(out, CR_DESCRIBE_MAX, "pidfd of a process that has ended");
	else
		cr_append(out, CR_DESCRIBE_MAX, "pidfd of %d", d->event.pid);
}

static void describe_uffd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "userfaultfd");
}

static void describe_mqueue(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Mqueue *q = cr_model_mqueue(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "message queue %s", q ? q->name : d->path);
}

static void describe_pty(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Pty *p = cr_model_pty(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "%s of /dev/pts/%u%s",
		  d->pty_side == cairn_PtySide_PTY_MASTER ? "master" : "terminal side",
		  p ? p->number : 0, d->hung_up ? ", hung up" : "");
	if (p && p->content.size)
		cr_append(out, CR_DESCRIBE_MAX, ", %s queued", cr_bytes(p->content.size).s);
}

static void describe_name(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "%s", cr_kind_name(d));
}

static const struct {
	const char *name;
	void (*describe)(const struct cr_model *m, const cairn_Description *d, char *out);
} kinds[] = {
	[cairn_ObjectKind_OBJECT_REGULAR] = { "file", describe_file },
	[cairn_ObjectKind_OBJECT_DIRECTORY] = { "directory", describe_path },
	[cairn_ObjectKind_OBJECT_PATH] = { "path", describe_path },
	[cairn_ObjectKind_OBJECT_DEVICE] = { "device", describe_path },
	[cairn_ObjectKind_OBJECT_PIPE] = { "pipe", describe_pipe },
	[cairn_ObjectKind_OBJECT_FIFO] = { "fifo", describe_pipe },
	[cairn_ObjectKind_OBJECT_TTY] = { "terminal", describe_path },
	[cairn_ObjectKind_OBJECT_STDIO] = { "outside", describe_stdio },
	[cairn_ObjectKind_OBJECT_SHARED_MEMORY] = { "memory", describe_memory },
	[cairn_ObjectKind_OBJECT_UNIX] = { "socket", describe_socket },
	[cairn_ObjectKind_OBJECT_EPOLL] = { "epoll", describe_epoll },
	[cairn_ObjectKind_OBJECT_PTY] = { "pty", describe_pty },
	[cairn_ObjectKind_OBJECT_EVENTFD] = { "eventfd", describe_eventfd },
	[cairn_ObjectKind_OBJECT_TIMERFD] = { "timerfd", describe_timerfd },
	[cairn_ObjectKind_OBJECT_SIGNALFD] = { "signalfd", describe_signalfd },
	[cairn_ObjectKind_OBJECT_INOTIFY] = { "inotify", describe_inotify },
	[cairn_ObjectKind_OBJECT_USERFAULTFD] = { "userfaultfd", describe_uffd },
	[cairn_ObjectKind_OBJECT_MQUEUE] = { "mqueue", describe_mqueue },
	[cairn_ObjectKind_OBJECT_SYSV] = { "sysv", describe_name },
	[cairn_ObjectKind_OBJECT_INET] = { "socket", describe_socket },
	[cairn_ObjectKind_OBJECT_NETLINK] = { "netlink", describe_name },
	[cairn_ObjectKind_OBJECT_RAW] = { "socket", describe_socket },
	[cairn_ObjectKind_OBJECT_PIDFD] = { "pidfd", describe_pidfd },
	[cairn_ObjectKind_OBJECT_NAMESPACE] = { "namespace", describe_path },
};

static bool known(const cairn_Description *d)
{
	return d->kind < CR_ARRAY_SIZE(kinds) && kinds[d->kind].name;
}

const char *cr_kind_name(const cairn_Description *d)
{
	return known(d) ? kinds[d->kind].name : "unknown";
}

void cr_describe(const struct cr_model *m, const cairn_Description *d, char out[CR_DESCRIBE_MAX])
{
	out[0] = 0;
	if (known(d))
		kinds[d->kind].describe(m, d, out);
	if (!out[0])
		describe_name(m, d, out);
}

const char *cr_access_name(const cairn_Description *d)
{
	static const char *const names[] = { "r", "w", "rw", "-" };

	return d->flags & O_PATH ? "path" : names[d->flags & O_ACCMODE];
}
