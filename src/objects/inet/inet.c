// SPDX-License-Identifier: Apache-2.0
//
// TCP and UDP sockets: collected one by one while descriptors are noted, described when all are
// known, because a connection inside the job is described by both of its ends. At a restart all
// of them are made at once, before anything else, and handed out.
// Runs in the shepherd. On failure the error names the process and its descriptor.
#include "objects/inet/inet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/each.h"
#include "common/gather.h"
#include "common/image_write.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/address_map.h"
#include "objects/inet/multicast.h"
#include "objects/inet/tcp_diag.h"
#include "objects/inet/tcp_members.h"
#include "objects/inet/tcp_repair.h"
#include "objects/inet/tcp_restore.h"
#include "objects/inet/tcp_save.h"
#include "objects/inet/udp.h"
#include "objects/shape/shape.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Our own duplicate. */
struct repaired {
	int fd, reuse;
};

/* During a save. */
struct state {
	CR_LIST(struct cr_inet *) all;
	struct cr_inet_defaults *defaults;
	struct cr_multicast_groups *groups;
	CR_LIST(struct repaired) repaired; /* connections in repair mode */
	uint64_t netns;
};

static uint64_t netns_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len);
	return cookie;
}

static struct state *inet_state_of(struct cr_save *s)
{
	struct state *t = s->state[cairn_ObjectKind_OBJECT_INET];
	cr_auto_fd own = -1;

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t && own >= 0)
		t->netns = netns_of(own);
	s->state[cairn_ObjectKind_OBJECT_INET] = t;
	return t;
}

static bool inet_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	int family, protocol;

	if (!S_ISSOCK(v->st.st_mode) || v->flags & O_PATH)
		return false;
	family = cr_socket_get(v->fd, SOL_SOCKET, SO_DOMAIN);
	if (family != AF_INET && family != AF_INET6)
		return false;
	if (cr_socket_get(v->fd, SOL_SOCKET, SO_TYPE) == SOCK_RAW)
		return false;
	protocol = cr_socket_get(v->fd, SOL_SOCKET, SO_PROTOCOL);
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE;
}

void cr_inet_note(struct cr_inet *k, const struct cr_fd_view *v, uint32_t id)
{
	k->fd = v->fd;
	k->pid = v->pid;
	k->number = v->number;
	k->inode = v->st.st_ino;
	k->m.id = id;
	k->m.family = cr_socket_get(v->fd, SOL_SOCKET, SO_DOMAIN);
	k->m.type = cr_socket_get(v->fd, SOL_SOCKET, SO_TYPE);
	k->m.protocol = cr_socket_get(v->fd, SOL_SOCKET, SO_PROTOCOL);
}

static void save_names(struct cr_inet *k)
{
	socklen_t len = sizeof(k->local);

	if (!getsockname(k->fd, &k->local.any, &len))
		k->m.local.size = len;
	len = sizeof(k->remote);
	if (!getpeername(k->fd, &k->remote.any, &len))
		k->m.remote.size = len;
	memcpy(k->m.local.bytes, &k->local, k->m.local.size);
	memcpy(k->m.remote.bytes, &k->remote, k->m.remote.size);
}

static int refuse_special(struct cr_inet *k, struct cr_err *err)
{
	char name[16] = "";
	socklen_t len = sizeof(name) - 1;

	if (k->m.protocol == IPPROTO_TCP && k->m.state != CR_TCP_CLOSE &&
	    k->m.state != CR_TCP_LISTEN && !getsockopt(k->fd, IPPROTO_TCP, TCP_ULP, name, &len) &&
	    name[0])
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a TCP connection (fd %d) with %s in the kernel, "
			       "whose keys cannot be saved: have it done by the library (OpenSSL: "
			       "no enable_ktls); the job goes on",
			       k->pid, k->number, name);
	return 0;
}

static int inet_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		     struct cr_err *err)
{
	struct state *t = inet_state_of(s);
	struct cr_inet **to = t ? cr_list_add(&t->all) : NULL;
	struct cr_inet *k = calloc(1, sizeof(*k));
	struct pollfd p = { .fd = v->fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };
	socklen_t len = sizeof(k->info);
	uint64_t netns;

	if (!to || !k) {
		free(k);
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	}
	*to = k;
	cr_inet_note(k, v, d->id);
	netns = netns_of(v->fd);
	if (netns && t->netns && netns != t->netns)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has a socket (fd %d) of another network namespace, "
			       "which cannot be saved: start the whole job inside of it; the job "
			       "goes on",
			       v->pid, v->number);
	save_names(k);
	if (k->m.protocol == IPPROTO_TCP) {
		if (getsockopt(v->fd, IPPROTO_TCP, TCP_INFO, &k->info, &len))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "TCP_INFO of fd %d of %d",
				       v->number, v->pid);
		k->m.state = k->info.tcpi_state;
	} else {
		k->m.state = k->m.remote.size ? CR_TCP_ESTABLISHED : CR_TCP_CLOSE;
	}
	poll(&p, 1, 0);
	k->m.events = p.revents;
	if (refuse_special(k, err))
		return -ENOTSUP;
	k->defaults = cr_inet_defaults(&t->defaults, &k->m);
	if (!k->defaults)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing sockets");
	return cr_inet_filter_save(s, k, err);
}

static int save_repair(struct cr_save *s, struct state *t, struct cr_inet *k, struct cr_err *err)
{
	struct repaired *to;
	int ret;

	if (k->m.peer_kind != cairn_InetPeer_INET_PEER_OUTSIDE)
		return 0;
	ret = cr_tcp_repair_save(s, k, err);
	if (!k->m.has_repair)
		return ret;
	to = cr_list_add(&t->repaired);
	if (to)
		*to = (struct repaired){ fcntl(k->fd, F_DUPFD_CLOEXEC, 3),
					 cr_inet_option(&k->m, SOL_SOCKET, SO_REUSEADDR, 0) };
	/* A job that ends leaves without a word to the peer. */
	if (!to || ret || !s->stopping)
		cr_tcp_repair_end(k->fd, cr_inet_option(&k->m, SOL_SOCKET, SO_REUSEADDR, 0));
	return ret;
}

/* There are many to ask for, and each is a system call: all CPUs take part. */
static void read_options(void *arg, size_t i)
{
	struct state *t = arg;

	cr_inet_options_read(t->all.v[i]);
}

/* The image holds what the application sees. */
static void see_names(const struct cr_save *s, struct cr_inet *k)
{
	cr_inet_seen(s, k->m.type, k->m.local.bytes, k->m.local.size);
	if (k->elsewhere.is)
		cr_place_write(&k->elsewhere.seen, k->m.remote.bytes);
	else
		cr_inet_seen(s, k->m.type, k->m.remote.bytes, k->m.remote.size);
}

static void note_shutdown(uint32_t inode, unsigned int how, void *arg)
{
	struct state *t = arg;
	size_t i;

	for (i = 0; i < t->all.n; i++)
		if (t->all.v[i]->inode == inode)
			t->all.v[i]->m.shut_write = how & 2;
}

/* That nothing may be sent any more is not seen by poll(). */
static void read_shutdowns(struct state *t)
{
	static const int protocols[] = { IPPROTO_UDP, IPPROTO_UDPLITE };
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i, k;

	for (i = 0; i < 4; i++)
		for (k = 0; k < t->all.n; k++)
			if ((int)t->all.v[k]->m.family == families[i / 2] &&
			    (int)t->all.v[k]->m.protocol == protocols[i % 2]) {
				cr_udp_each_shutdown(families[i / 2], protocols[i % 2],
						     note_shutdown, t);
				break;
			}
}

static int inet_finish(struct cr_save *s, struct cr_err *err)
{
	struct state *t = s->state[cairn_ObjectKind_OBJECT_INET];
	size_t i;
	int ret;

	/* Other members wait for us, though we may have nothing to tell. */
	if (!t && cr_has_members(s->gather))
		return cr_tcp_save_members(s, NULL, 0, err);
	if (!t)
		return 0;
	cr_each(t->all.n, 32, read_options, t);
	read_shutdowns(t);
	for (i = 0; i < t->all.n; i++)
		if (cr_inet_options_check(t->all.v[i], err))
			return -EIO;
	ret = cr_tcp_save(s, t->all.v, t->all.n, err);
	if (!ret && !cr_has_members(s->gather) && s->addresses)
		ret = cr_homes_save(s);
	for (i = 0; i < t->all.n && !ret && s->tcp_repair; i++)
		ret = save_repair(s, t, t->all.v[i], err);
	for (i = 0; i < t->all.n && !ret; i++) {
		if (t->all.v[i]->m.protocol == IPPROTO_TCP)
			continue;
		ret = cr_multicast_save(s, t->all.v[i], &t->groups, err);
		if (!ret)
			ret = cr_udp_save(s, t->all.v[i], t->all.v, t->all.n, err);
	}
	for (i = 0; i < t->all.n && !ret && s->writer; i++) {
		see_names(s, t->all.v[i]);
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_INET, &t->all.v[i]->m,
				      err);
	}
	return ret;
}

static void inet_free_save(struct cr_save *s)
{
	struct state *t = s->state[cairn_ObjectKind_OBJECT_INET];
	size_t i;

	if (!t)
		return;
	for (i = 0; i < t->all.n; i++)
		free(t->all.v[i]);
	free(t->all.v);
	for (i = 0; i < t->repaired.n; i++) {
		if (!s->ended)
			cr_tcp_repair_end(t->repaired.v[i].fd, t->repaired.v[i].reuse);
		close(t->repaired.v[i].fd);
	}
	free(t->repaired.v);
	cr_inet_defaults_free(t->defaults);
	cr_multicast_free(t->groups);
	free(t);
	s->state[cairn_ObjectKind_OBJECT_INET] = NULL;
}

/* ---- restart ---- */

static int inet_prepare(struct cr_restore *r, struct cr_err *err)
{
	size_t n = r->img->inet_sockets.n, i, k;
	struct cr_inet_new *all = calloc(n + 1, sizeof(*all));
	struct cr_address_map places = { 0 };
	/* Also one that is alone by now goes on with the addresses that it had. */
	bool placed = r->addresses && (cr_has_members(r->gather) || r->img->job.homes.size);
	int ret = 0;

	if (!all)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making sockets");
	r->state[cairn_ObjectKind_OBJECT_INET] = all;
	for (i = 0; i < n; i++) {
		const cairn_InetSocket *m = &r->img->inet_sockets.v[i];

		all[i].m = m;
		all[i].fd = -1;
		all[i].kind = m->peer_kind;
		if (m->member && !cr_has_members(r->gather))
			all[i].kind = cairn_InetPeer_INET_PEER_OUTSIDE;
		cr_inet_name(&all[i].local, m->local.bytes, m->local.size);
		cr_inet_name(&all[i].remote, m->remote.bytes, m->remote.size);
		for (k = 0; k < i && m->peer_kind == cairn_InetPeer_INET_PEER_JOB; k++) {
			if (all[k].m->id != m->peer || all[k].m->peer != m->id)
				continue;
			all[i].peer = &all[k];
			all[k].peer = &all[i];
		}
	}
	if (placed)
		ret = cr_address_map_begin(&places, r, all, n, err);
	if (!ret)
		ret = cr_udp_open(r, all, n, placed ? &places : NULL, err);
	if (!ret)
		ret = cr_tcp_restore(r, all, n, placed ? &places : NULL, err);
	if (!ret)
		ret = cr_udp_restore(r, all, n, err);
	cr_address_map_free(&places);
	return ret;
}

static int inet_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct cr_inet_new *all = r->state[cairn_ObjectKind_OBJECT_INET];
	size_t i;
	int fd;

	for (i = 0; i < r->img->inet_sockets.n; i++) {
		if (all[i].m->id != d->id)
			continue;
		fd = all[i].fd;
		all[i].fd = -1;
		if (fd < 0)
			break;
		fcntl(fd, F_SETFL, d->flags & O_NONBLOCK);
		return fd;
	}
	return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks socket %u", d->id);
}

const cairn_InetSocket *cr_inet_saved(struct cr_restore *r, const cairn_Description *d,
				      struct cr_err *err)
{
	size_t i;

	for (i = 0; i < r->img->inet_sockets.n; i++)
		if (r->img->inet_sockets.v[i].id == d->id)
			return &r->img->inet_sockets.v[i];
	cr_fail(err, CR_EXIT_DAMAGED, 0, "the image lacks socket %u", d->id);
	return NULL;
}

int cr_inet_restored(struct cr_restore *r, const cairn_Description *d, const cairn_InetSocket *m,
		     int fd, struct cr_err *err)
{
	int ret = cr_inet_options_finish(r, fd, m, err);

	if (ret) {
		close(fd);
		return ret;
	}
	fcntl(fd, F_SETFL, d->flags & O_NONBLOCK);
	return fd;
}

static void inet_free_restore(struct cr_restore *r)
{
	struct cr_inet_new *all = r->state[cairn_ObjectKind_OBJECT_INET];
	size_t i;

	for (i = 0; all && i < r->img->inet_sockets.n; i++)
		cr_close_fd(&all[i].fd);
	free(all);
	r->state[cairn_ObjectKind_OBJECT_INET] = NULL;
}

const struct cr_object cr_object_inet = {
	.shape = &cr_shape_inet,
	.match = inet_match,
	.save = inet_save,
	.restore = inet_restore,
	.finish = inet_finish,
	.prepare = inet_prepare,
	.free_save = inet_free_save,
	.free_restore = inet_free_restore,
};
