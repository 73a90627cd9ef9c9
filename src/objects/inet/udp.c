// SPDX-License-Identifier: Apache-2.0
//
// UDP sockets: each datagram that waits to be read, with who sent it and where to, and a datagram
// that is being put together. At a restart they are sent again from the addresses that they
// came from, by the job's own socket there or by one for the moment. Those of other hosts are lost:
// nobody may send in their name, and UDP promises nothing.
// Runs in the shepherd. Reading disturbs nobody: everything is peeked at.
#include "objects/inet/udp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "common/scm.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/address_map.h"
#include "objects/inet/multicast.h"

#define UDP_CORK 1
#define LARGEST 65536

/* What a datagram can tell about itself, though the application may not have asked. */
static const struct {
	int level, name, family;
} asked[] = {
	{ IPPROTO_IP, IP_PKTINFO, AF_UNSPEC },	     { IPPROTO_IP, IP_RECVTOS, AF_UNSPEC },
	{ IPPROTO_IP, IP_RECVTTL, AF_UNSPEC },	     { IPPROTO_IPV6, IPV6_RECVPKTINFO, AF_INET6 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, AF_INET6 }, { IPPROTO_IPV6, IPV6_RECVHOPLIMIT, AF_INET6 },
};

static void udp_ask(const struct cr_inet *k, bool begin)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(asked); i++) {
		int old = cr_inet_option(&k->m, asked[i].level, asked[i].name, 0);

		if (!old && (!asked[i].family || asked[i].family == (int)k->m.family))
			cr_socket_set(k->fd, asked[i].level, asked[i].name, begin);
	}
}

static void udp_read_control(struct msghdr *h, cairn_Datagram *d)
{
	struct cmsghdr *c;
	union cr_inet_name to = { 0 };

	for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		const void *data = CMSG_DATA(c);

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			const struct in_pktinfo *i = data;

			to.any.sa_family = AF_INET;
			to.v4.sin_addr = i->ipi_addr;
			d->interface = i->ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			const struct in6_pktinfo *i = data;

			to.any.sa_family = AF_INET6;
			to.v6.sin6_addr = i->ipi6_addr;
			d->interface = i->ipi6_ifindex;
		} else if (c->cmsg_type == IP_TOS && c->cmsg_level == IPPROTO_IP) {
			d->tos = *(const unsigned char *)data;
		} else if (c->cmsg_type == IPV6_TCLASS && c->cmsg_level == IPPROTO_IPV6) {
			memcpy(&d->tos, data, sizeof(d->tos));
		} else if ((c->cmsg_type == IP_TTL && c->cmsg_level == IPPROTO_IP) ||
			   (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_level == IPPROTO_IPV6)) {
			memcpy(&d->ttl, data, sizeof(d->ttl));
		}
	}
	d->target.size = to.any.sa_family ? cr_inet_len(&to) : 0;
	memcpy(d->target.bytes, &to, d->target.size);
}

static int udp_save_one(struct cr_save *s, struct cr_inet *k, char *buf, struct cr_err *err)
{
	union cr_inet_name from = { 0 };
	char control[512];
	struct iovec iov = { buf, LARGEST };
	struct msghdr h = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	cairn_Datagram d = { .socket = k->m.id, .tos = -1, .ttl = -1 };
	ssize_t n = recvmsg(k->fd, &h, MSG_PEEK | MSG_DONTWAIT);
	int ret = 0;

	if (n < 0)
		return 0;
	udp_read_control(&h, &d);
	d.sender.size = h.msg_namelen < sizeof(from) ? h.msg_namelen : sizeof(from);
	memcpy(d.sender.bytes, &from, d.sender.size);
	cr_inet_seen(s, k->m.type, d.sender.bytes, d.sender.size);
	cr_inet_seen(s, k->m.type, d.target.bytes, d.target.size);
	if (!s->writer)
		return 1;
	d.has_content = n > 0;
	if (n > 0)
		ret = cr_image_blob(s->writer, buf, n, &d.content, err);
	if (!ret)
		ret = cr_image_record(s->writer, cairn_RecordType_RECORD_DATAGRAM, &d, err);
	return ret ? ret : 1;
}

static int udp_save_queue(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	cr_auto_free char *buf = malloc(LARGEST);
	int ret;

	if (!buf)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "saving a UDP socket");
	udp_ask(k, true);
	/* Each look then begins behind the one before. */
	cr_socket_set(k->fd, SOL_SOCKET, SO_PEEK_OFF, 0);
	do
		ret = udp_save_one(s, k, buf, err);
	while (ret > 0);
	cr_socket_set(k->fd, SOL_SOCKET, SO_PEEK_OFF,
		      cr_inet_option(&k->m, SOL_SOCKET, SO_PEEK_OFF, -1));
	udp_ask(k, false);
	return ret;
}

/* ---- a datagram that is not complete ---- */

static int refuse_corked(const struct cr_inet *k, const char *why, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d is putting a datagram together (UDP_CORK or MSG_MORE, fd %d), "
		       "which cannot be read %s: try again when it is sent; the job goes on",
		       k->pid, k->number, why);
}

static bool shares_port(const struct cr_inet *k, const union cr_inet_name *name)
{
	return k->m.protocol != IPPROTO_TCP && cr_inet_port(&k->local) == cr_inet_port(name);
}

/* A socket that gets what k sends, before the one that it is meant for. */
static int make_catcher(struct cr_inet *k, struct cr_inet **all, size_t n)
{
	int fd = socket(k->m.family, k->m.type | SOCK_CLOEXEC, k->m.protocol);
	size_t i;

	cr_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	for (i = 0; i < n; i++)
		if (shares_port(all[i], &k->remote))
			cr_socket_set(all[i]->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, &k->remote.any, cr_inet_len(&k->remote)) ||
	    connect(fd, &k->local.any, cr_inet_len(&k->local)))
		cr_close_fd(&fd);
	for (i = 0; i < n; i++)
		if (shares_port(all[i], &k->remote))
			cr_socket_set(all[i]->fd, SOL_SOCKET, SO_REUSEADDR,
				      cr_inet_option(&all[i]->m, SOL_SOCKET, SO_REUSEADDR, 0));
	return fd;
}

static int save_corked(struct cr_save *s, struct cr_inet *k, struct cr_inet **all, size_t n,
		       struct cr_err *err)
{
	bool option = cr_inet_option(&k->m, IPPROTO_UDP, UDP_CORK, 0);
	cr_auto_free char *buf = malloc(LARGEST);
	struct pollfd p = { .events = POLLIN };
	cr_auto_fd catcher = -1;
	int held = 0;
	ssize_t len;

	/* Without the option it may also be a packet that is just leaving. */
	if (ioctl(k->fd, SIOCOUTQ, &held) || !held || !buf)
		return 0;
	if (!k->m.remote.size)
		return option ? refuse_corked(k, "when the socket is not connected", err) : 0;
	if (!cr_inet_is_here(&k->remote))
		return option ? refuse_corked(k, "when it is for another host", err) : 0;
	if (!s->writer)
		return 0;
	catcher = make_catcher(k, all, n);
	if (catcher < 0)
		return refuse_corked(k, "when it is for another job", err);
	cr_socket_set(k->fd, IPPROTO_UDP, UDP_CORK, 0);
	p.fd = catcher;
	poll(&p, 1, 1000);
	len = recv(catcher, buf, LARGEST, MSG_DONTWAIT);
	cr_close_fd(&catcher);
	if (option)
		cr_socket_set(k->fd, IPPROTO_UDP, UDP_CORK, 1);
	if (len <= 0)
		return 0;
	send(k->fd, buf, len, MSG_MORE | MSG_DONTWAIT);
	k->m.has_corked = true;
	return cr_image_blob(s->writer, buf, len, &k->m.corked, err);
}

int cr_udp_save(struct cr_save *s, struct cr_inet *k, struct cr_inet **all, size_t n,
		struct cr_err *err)
{
	bool error = k->m.events & POLLERR && !cr_inet_option(&k->m, IPPROTO_IP, IP_RECVERR, 0) &&
		     !cr_inet_option(&k->m, IPPROTO_IPV6, IPV6_RECVERR, 0);
	int ret;

	k->m.shut_read = k->m.events & POLLRDHUP;
	ret = save_corked(s, k, all, n, err);
	/* Looking at the queue would take the error. */
	k->m.error = error ? ECONNREFUSED : 0;
	if (ret || error || !(k->m.events & POLLIN))
		return ret;
	return udp_save_queue(s, k, err);
}

/* ---- restart ---- */

struct work {
	struct cr_restore *r;
	struct cr_inet_new *all;
	size_t n;
	struct cr_address_map *places;
	unsigned int lost;
};

static bool is_udp(const struct cr_inet_new *k)
{
	return k->m->type == SOCK_DGRAM && (k->m->family == AF_INET || k->m->family == AF_INET6) &&
	       (k->m->protocol == IPPROTO_UDP || k->m->protocol == IPPROTO_UDPLITE);
}

static bool shares(const struct work *w, const struct cr_inet_new *k)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (&w->all[i] != k && is_udp(&w->all[i]) &&
		    cr_inet_port(&w->all[i].local) == cr_inet_port(&k->local))
			return true;
	return false;
}

/* It shares its port by nothing that it still has: SO_REUSEPORT, as another of them. */
static bool gave_back(const struct work *w, const struct cr_inet_new *k)
{
	size_t i;

	for (i = 0; i < w->n && !cr_inet_option(k->m, SOL_SOCKET, SO_REUSEADDR, 0); i++)
		if (&w->all[i] != k && is_udp(&w->all[i]) &&
		    cr_inet_overlap(&w->all[i].local, &k->local) &&
		    cr_inet_option(w->all[i].m, SOL_SOCKET, SO_REUSEPORT, 0))
			return true;
	return false;
}

static int bind_again(struct work *w, struct cr_inet_new *k, struct cr_err *err)
{
	char text[CR_INET_TEXT];
	int error;

	/* Whoever shares a port inside the job may have changed its mind since. */
	cr_socket_set(k->fd, SOL_SOCKET, SO_REUSEADDR,
		      shares(w, k) || cr_inet_option(k->m, SOL_SOCKET, SO_REUSEADDR, 0));
	if (gave_back(w, k))
		cr_socket_set(k->fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (w->places)
		return cr_address_map_bind(w->places, k->fd, &k->local, SOCK_DGRAM, err);
	if (!bind(k->fd, &k->local.any, cr_inet_len(&k->local)))
		return 0;
	error = errno;
	if (error == EADDRNOTAVAIL && !cr_socket_set(k->fd, IPPROTO_IP, IP_FREEBIND, 1) &&
	    !bind(k->fd, &k->local.any, cr_inet_len(&k->local)))
		return 0;
	return cr_fail(err, error == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_CHANGED, error,
		       "cannot use UDP address %s again (ss -uanp shows who has it)",
		       cr_inet_text(&k->local, text));
}

/* IPv4 addresses in the form of a socket's family. */
static void in_family(union cr_inet_name *name, int family)
{
	struct cr_inet_key k = cr_inet_key(name);

	if (family == AF_INET && cr_inet_is_mapped(name)) {
		memset(name, 0, sizeof(*name));
		name->v4.sin_family = AF_INET;
		memcpy(&name->v4.sin_addr, k.address + 12, 4);
		name->v4.sin_port = k.port;
	} else if (family == AF_INET6 && name->any.sa_family == AF_INET) {
		memset(name, 0, sizeof(*name));
		name->v6.sin6_family = AF_INET6;
		memcpy(&name->v6.sin6_addr, k.address, 16);
		name->v6.sin6_port = k.port;
	}
}

/* The job's socket at an address, or one for the moment; then the address is in its form. */
static int sender_at(struct work *w, union cr_inet_name *from, int *temporary)
{
	struct cr_inet_key a = cr_inet_key(from);
	int fd;
	size_t i;

	in_family(from, AF_INET);
	for (i = 0; i < w->n; i++) {
		const struct cr_inet_new *k = &w->all[i];
		struct cr_inet_key b = cr_inet_key(&k->local);

		if (!is_udp(k) || k->fd < 0 || a.port != b.port ||
		    (memcmp(&a, &b, sizeof(a)) && !cr_inet_is_any(&k->local)) ||
		    (from->any.sa_family == AF_INET6 && k->m->family == AF_INET))
			continue;
		in_family(from, k->m->family);
		return k->fd;
	}
	fd = socket(from->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, &from->any, cr_inet_len(from)))
		cr_close_fd(&fd);
	*temporary = fd;
	return fd;
}

static void put_control(struct msghdr *h, const cairn_Datagram *d, const union cr_inet_name *from)
{
	struct in6_pktinfo six = { .ipi6_addr = from->v6.sin6_addr };
	struct in_pktinfo four = { .ipi_spec_dst = from->v4.sin_addr };
	bool v6 = from->any.sa_family == AF_INET6 && !cr_inet_is_mapped(from);

	if (from->any.sa_family == AF_INET)
		cr_control_put(h, IPPROTO_IP, IP_PKTINFO, &four, sizeof(four));
	else
		cr_control_put(h, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof(six));
	if (d->tos >= 0)
		cr_control_put(h, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS,
			       &d->tos, sizeof(d->tos));
	if (d->ttl > 0)
		cr_control_put(h, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_HOPLIMIT : IP_TTL,
			       &d->ttl, sizeof(d->ttl));
}

/* An address of the image as it is now. */
static void name_now(const struct work *w, union cr_inet_name *to, const void *bytes, size_t len)
{
	cr_inet_name(to, bytes, len);
	if (w->r->addresses)
		cr_address_real(w->r->addresses, SOCK_DGRAM, to, sizeof(*to));
}

/* Where a datagram has to go to come to k. */
static void target_of(const struct work *w, const struct cr_inet_new *k, const cairn_Datagram *d,
		      union cr_inet_name *to)
{
	union cr_inet_name saved;

	name_now(w, &saved, d->target.bytes, d->target.size);
	*to = k->local;
	if (!cr_inet_is_any(to))
		return;
	if (d->target.size && cr_inet_is_here(&saved)) {
		*to = saved;
		cr_inet_set_port(to, cr_inet_port(&k->local));
		return;
	}
	name_now(w, &saved, d->sender.bytes, d->sender.size);
	/* A socket for both families gets it from the family of its sender. */
	if (cr_inet_is_mapped(&saved))
		*to = saved;
	cr_inet_set_port(to, cr_inet_port(&k->local));
	cr_inet_loopback(to);
}

static int udp_send_again(struct work *w, struct cr_inet_new *k, const cairn_Datagram *d,
			  bool shared, struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	char control[256] = { 0 };
	union cr_inet_name from, to, seen;
	struct iovec iov;
	struct msghdr h = {
		.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control
	};
	cr_auto_fd temporary = -1;
	int fd, ret = 0;

	name_now(w, &seen, d->sender.bytes, d->sender.size);
	from = seen;
	if (d->has_content)
		ret = cr_image_read_blob(w->r->img, &d->content, &data, err);
	if (ret)
		return ret;
	fd = sender_at(w, &from, &temporary);
	if (fd < 0) {
		w->lost++;
		return 0;
	}
	target_of(w, k, d, &to);
	in_family(&to, from.any.sa_family);
	h.msg_namelen = cr_inet_len(&to);
	iov = (struct iovec){ data, d->has_content ? d->content.size : 0 };
	put_control(&h, d, &from);
	/* Of all sockets that share its port, it is the one that hears this sender. */
	if (shared)
		connect(k->fd, &seen.any, cr_inet_len(&seen));
	if (sendmsg(fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		w->lost++;
	return 0;
}

static int udp_fill(struct work *w, struct cr_inet_new *k, struct cr_err *err)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	bool shared = shares(w, k);
	size_t i, total = 0;
	int ret = 0;

	for (i = 0; i < w->r->img->datagrams.n; i++)
		if (w->r->img->datagrams.v[i].socket == k->m->id)
			total += w->r->img->datagrams.v[i].content.size + 2048;
	if (!total)
		return 0;
	cr_inet_grow(k->fd, SO_RCVBUF, total * 2);
	for (i = 0; i < w->r->img->datagrams.n && !ret; i++)
		if (w->r->img->datagrams.v[i].socket == k->m->id)
			ret = udp_send_again(w, k, &w->r->img->datagrams.v[i], shared, err);
	if (shared)
		connect(k->fd, &none, sizeof(none));
	return ret;
}

/* An ICMP error that nobody has been told: from a port where nobody is. */
static void udp_be_refused(struct cr_inet_new *k)
{
	cr_auto_fd closed = socket(k->m->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union cr_inet_name name = k->local;
	struct pollfd p = { .fd = k->fd };
	socklen_t len = sizeof(name);

	cr_inet_loopback(&name);
	cr_inet_set_port(&name, 0);
	if (bind(closed, &name.any, cr_inet_len(&name)) || getsockname(closed, &name.any, &len))
		return;
	cr_close_fd(&closed);
	if (!connect(k->fd, &name.any, len) && send(k->fd, "", 0, MSG_NOSIGNAL) == 0)
		poll(&p, 1, 1000);
}

static int finish_one(struct work *w, struct cr_inet_new *k, struct cr_err *err)
{
	cr_auto_free void *data = NULL;
	char text[CR_INET_TEXT];
	int ret;

	if (k->m->error)
		udp_be_refused(k);
	if (k->m->remote.size && connect(k->fd, &k->remote.any, cr_inet_len(&k->remote)))
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot connect a UDP socket to %s again",
			       cr_inet_text(&k->remote, text));
	if (cr_inet_option(k->m, IPPROTO_UDP, UDP_CORK, 0))
		cr_socket_set(k->fd, IPPROTO_UDP, UDP_CORK, 1);
	if (k->m->has_corked) {
		ret = cr_image_read_blob(w->r->img, &k->m->corked, &data, err);
		if (ret)
			return ret;
		send(k->fd, data, k->m->corked.size, MSG_MORE | MSG_DONTWAIT);
	}
	if (k->m->shut_read)
		shutdown(k->fd, k->m->events & POLLHUP ? SHUT_RDWR : SHUT_RD);
	if (k->m->shut_write)
		shutdown(k->fd, SHUT_WR);
	return cr_inet_options_finish(w->r, k->fd, k->m, err);
}

int cr_udp_open(struct cr_restore *r, struct cr_inet_new *all, size_t n,
		struct cr_address_map *places, struct cr_err *err)
{
	struct work w = { .r = r, .all = all, .n = n, .places = places };
	size_t i;
	int ret = 0;

	for (i = 0; i < n && !ret; i++) {
		struct cr_inet_new *k = &all[i];

		if (!is_udp(k))
			continue;
		k->fd = socket(k->m->family, k->m->type | SOCK_CLOEXEC, k->m->protocol);
		if (k->fd < 0)
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot make a UDP socket");
		cr_inet_options_restore(k->fd, k->m, CR_INET_BEFORE);
		if (cr_inet_port(&k->local))
			ret = bind_again(&w, k, err);
	}
	return ret;
}

int cr_udp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n, struct cr_err *err)
{
	struct work w = { .r = r, .all = all, .n = n };
	size_t i;
	int ret = 0;

	for (i = 0; i < n && !ret; i++)
		if (is_udp(&all[i]))
			ret = cr_multicast_restore(r, all[i].fd, all[i].m, err);
	for (i = 0; i < n && !ret; i++)
		if (is_udp(&all[i]))
			ret = udp_fill(&w, &all[i], err);
	for (i = 0; i < n && !ret; i++)
		if (is_udp(&all[i]))
			ret = finish_one(&w, &all[i], err);
	if (w.lost)
		cr_say("%u UDP datagrams that came from elsewhere were not read and are lost",
		       w.lost);
	return ret;
}
