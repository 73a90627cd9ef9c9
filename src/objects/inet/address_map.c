// SPDX-License-Identifier: Apache-2.0
//
// At a restart of a job of several members: which of its addresses is what now. Images hold the
// addresses of the nodes where members were launched. Each tells all others where it was and where
// it is; a host's address then is an entry of the table (common/addresses.h). Ports are kept where
// they are free; where they are not, and where two members are on one node, ports have entries.
// Runs in the shepherd, before there are processes.
#include "objects/inet/address_map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/gather.h"
#include "objects/core/object.h"
#include "objects/core/socket.h"
#include "objects/inet/inet.h"
#include "objects/inet/inet_options.h"
#include "objects/inet/tcp_time_wait.h"

#define VERSION 1u

/* What "places" brings of a member. */
struct cr_address_map_member {
	unsigned int member;
	bool same_host;
	CR_LIST(struct cr_home) homes, now;
};

struct head {
	uint32_t version, nhomes, nnow, nwanted;
	struct cr_host_id host;
};

/* ---- the table ---- */

static int insert(struct cr_addresses *a, struct cr_place_entry *v, uint32_t *n,
		  const struct cr_place *place, const struct cr_place *other)
{
	uint32_t at = 0;

	if (cr_place_find(v, *n, place))
		return 0;
	if (*n == CR_PLACES_MAX)
		return -ENOSPC;
	while (at < *n && cr_place_compare(&v[at].place, place) < 0)
		at++;
	memmove(&v[at + 1], &v[at], (*n - at) * sizeof(*v));
	v[at] = (struct cr_place_entry){ *place, *other };
	a->ports += place->port != 0;
	++*n;
	return 0;
}

static int address_map_add(struct cr_addresses *a, const struct cr_place *place,
			   const struct cr_place *now)
{
	int ret = insert(a, a->by_virtual, &a->nvirtual, place, now);

	return ret ? ret : insert(a, a->by_real, &a->nreal, now, place);
}

/* Only what the entries of whole hosts do not say already. */
static int add_point(struct cr_addresses *a, const struct cr_place *place,
		     const struct cr_place *now)
{
	struct cr_place to = *place, back = *now;
	int ret = 0;

	cr_place_turn(a->by_virtual, a->nvirtual, &to);
	cr_place_turn(a->by_real, a->nreal, &back);
	if (cr_place_compare(&to, now))
		ret = insert(a, a->by_virtual, &a->nvirtual, place, now);
	if (!ret && cr_place_compare(&back, place))
		ret = insert(a, a->by_real, &a->nreal, now, place);
	return ret;
}

static bool is_v4(const struct cr_home *h)
{
	struct cr_place p = { 0 };

	memcpy(p.address, h->address, sizeof(p.address));
	return cr_place_is_v4(&p);
}

static bool one_network(const struct cr_home *a, const struct cr_home *b)
{
	unsigned int i;

	for (i = 0; i < a->prefix; i++)
		if ((a->address[i / 8] ^ b->address[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return a->prefix == b->prefix;
}

/* What has taken the place of the n-th address that a host had. */
static const struct cr_home *heir(const struct cr_home *v, size_t at, const struct cr_home *now,
				  size_t nnow)
{
	size_t i, rank = 0, seen = 0;
	const struct cr_home *last = NULL;

	for (i = 0; i < nnow; i++)
		if (!memcmp(now[i].address, v[at].address, sizeof(now[i].address)))
			return &now[i];
	for (i = 0; i < nnow; i++)
		if (one_network(&v[at], &now[i]))
			return &now[i];
	for (i = 0; i < at; i++)
		rank += is_v4(&v[i]) == is_v4(&v[at]);
	for (i = 0; i < nnow; i++) {
		if (is_v4(&now[i]) != is_v4(&v[at]))
			continue;
		if (!last || seen <= rank)
			last = &now[i];
		seen++;
	}
	return last;
}

static int add_host(struct cr_addresses *a, const struct cr_home *homes, size_t n,
		    const struct cr_home *now, size_t nnow)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < n && !ret; i++) {
		const struct cr_home *to = heir(homes, i, now, nnow);
		struct cr_place place = { 0 }, real = { 0 };

		if (!to)
			continue;
		memcpy(place.address, homes[i].address, sizeof(place.address));
		memcpy(real.address, to->address, sizeof(real.address));
		ret = address_map_add(a, &place, &real);
	}
	return ret;
}

/* ---- places ---- */

static struct cr_address_map_member *find_member(const struct cr_address_map *p,
						 unsigned int member)
{
	size_t i;

	for (i = 0; i < p->members.n; i++)
		if (p->members.v[i].member == member)
			return &p->members.v[i];
	return NULL;
}

/* The address by which other hosts reach this one. */
static bool outward(const struct cr_address_map *p, struct cr_place *place)
{
	size_t i;

	for (i = 0; i < p->now.n; i++) {
		if (is_v4(&p->now.v[i]) != cr_place_is_v4(place) && !cr_place_is_loopback(place))
			continue;
		if (cr_place_is_loopback(place) &&
		    is_v4(&p->now.v[i]) != (place->address[12] == 127))
			continue;
		memcpy(place->address, p->now.v[i].address, sizeof(place->address));
		return true;
	}
	return false;
}

/* Where a socket shall be, ports aside. */
static void address_map_locate(const struct cr_address_map *p, struct cr_inet_new *k)
{
	struct cr_place place = cr_place_of(&k->local, 0);
	const struct cr_address_map_member *peer = NULL;

	cr_place_turn(p->r->addresses->by_virtual, p->r->addresses->nvirtual, &place);
	if (k->m->peer_kind == cairn_InetPeer_INET_PEER_MEMBER)
		peer = find_member(p, k->m->member - 1);
	if (peer && cr_place_is_loopback(&place) ? !peer->same_host :
						   peer && !cr_own_addresses_have(&p->now, &place))
		outward(p, &place);
	cr_place_write(&place, &k->local);
}

static bool is_inet(const struct cr_inet_new *k)
{
	return (k->m->family == AF_INET || k->m->family == AF_INET6) &&
	       (k->m->type == SOCK_STREAM || k->m->type == SOCK_DGRAM);
}

static int address_map_put(char **text, size_t *len, const void *what, size_t size)
{
	char *more = realloc(*text, *len + size + 1);

	if (!more)
		return -ENOMEM;
	*text = more;
	if (size)
		memcpy(more + *len, what, size);
	*len += size;
	return 0;
}

static int tell_places(struct cr_address_map *p, struct cr_inet_new *all, size_t n,
		       struct cr_gathered *g, struct cr_err *err)
{
	struct head h = { VERSION, p->homes.n, p->now.n, 0, p->host };
	cr_auto_free char *text = NULL;
	size_t len = 0, i;
	int ret = address_map_put(&text, &len, &h, sizeof(h));

	if (!ret)
		ret = address_map_put(&text, &len, p->homes.v, p->homes.n * sizeof(*p->homes.v));
	if (!ret)
		ret = address_map_put(&text, &len, p->now.v, p->now.n * sizeof(*p->now.v));
	for (i = 0; i < n && !ret; i++) {
		struct cr_place place = cr_place_of(&all[i].local, all[i].m->type);

		if (!is_inet(&all[i]) || !place.port)
			continue;
		ret = address_map_put(&text, &len, &place, sizeof(place));
		h.nwanted++;
	}
	if (ret)
		return ret;
	memcpy(text, &h, sizeof(h));
	return p->gather->all(p->gather, cairn_Step_STEP_PLACES, text, len, g, err);
}

static int read_homes(const unsigned char **at, size_t n, struct cr_own_addresses *to)
{
	size_t i;

	for (i = 0; i < n; i++, *at += sizeof(struct cr_home)) {
		struct cr_home *h = cr_list_add(to);

		if (!h)
			return -ENOMEM;
		memcpy(h, *at, sizeof(*h));
		if (h->prefix > 128)
			h->prefix = 128;
	}
	return 0;
}

static int address_map_read_member(struct cr_address_map *p, const struct cr_gathered_piece *piece,
				   struct cr_err *err)
{
	struct cr_address_map_member *m = cr_list_add(&p->members);
	struct cr_own_addresses homes = { 0 }, now = { 0 };
	const unsigned char *at = piece->data;
	struct head h = { 0 };
	uint32_t i;
	int ret;

	if (!m)
		return -ENOMEM;
	if (piece->len >= sizeof(h))
		memcpy(&h, at, sizeof(h));
	at += sizeof(h);
	if (h.version != VERSION ||
	    piece->len - sizeof(h) != ((uint64_t)h.nhomes + h.nnow) * sizeof(struct cr_home) +
					      (uint64_t)h.nwanted * sizeof(struct cr_place))
		return cr_address_map_foreign(piece->member, err);
	m->member = piece->member;
	m->same_host = !memcmp(&h.host, &p->host, sizeof(h.host));
	ret = read_homes(&at, h.nhomes, &homes);
	if (!ret)
		ret = read_homes(&at, h.nnow, &now);
	m->homes.v = homes.v;
	m->homes.n = homes.n;
	m->now.v = now.v;
	m->now.n = now.n;
	for (i = 0; i < h.nwanted && !ret && m->same_host && m->member < p->gather->member; i++) {
		struct cr_place *to = cr_list_add(&p->wanted);

		if (!to)
			return -ENOMEM;
		memcpy(to, at + i * sizeof(*to), sizeof(*to));
	}
	return ret;
}

static int address_map_begin(struct cr_address_map *p, struct cr_inet_new *all, size_t n,
			     struct cr_err *err)
{
	struct cr_addresses *a = p->r->addresses;
	const cairn_Job *job = &p->r->img->job;
	struct cr_gathered g = { 0 };
	size_t i;
	int ret;

	cr_host_id_read(&p->host);
	ret = cr_own_addresses_read(&p->now);
	cr_own_addresses_homes(&p->now);
	for (i = 0; i < job->homes.size / sizeof(struct cr_home) && !ret; i++) {
		struct cr_home *h = cr_list_add(&p->homes);

		if (!h)
			return -ENOMEM;
		memcpy(h, job->homes.bytes + i * sizeof(*h), sizeof(*h));
		if (i < CR_HOMES_MAX)
			a->homes[a->nhomes++] = *h;
	}
	/* Our own first: they are preferred where something means several. */
	if (!ret)
		ret = add_host(a, p->homes.v, p->homes.n, p->now.v, p->now.n);
	for (i = 0; i < n; i++)
		if (is_inet(&all[i]))
			address_map_locate(p, &all[i]);
	if (!ret && cr_has_members(p->gather))
		ret = tell_places(p, all, n, &g, err);
	for (i = 0; i < g.n && !ret; i++)
		if (g.v[i].member != p->gather->member)
			ret = address_map_read_member(p, &g.v[i], err);
	cr_gathered_free(&g);
	for (i = 0; i < p->members.n && !ret; i++) {
		const struct cr_address_map_member *m = &p->members.v[i];

		ret = add_host(a, m->homes.v, m->homes.n, m->now.v, m->now.n);
	}
	/* Now that it is known who is on this host. */
	for (i = 0; i < n && !ret; i++)
		if (all[i].m->peer_kind == cairn_InetPeer_INET_PEER_MEMBER)
			address_map_locate(p, &all[i]);
	return ret;
}

int cr_address_map_begin(struct cr_address_map *p, struct cr_restore *r, struct cr_inet_new *all,
			 size_t n, struct cr_err *err)
{
	int ret;

	p->r = r;
	p->gather = r->gather;
	ret = address_map_begin(p, all, n, err);
	return ret ? cr_fail(err, CR_EXIT_INTERNAL, -ret, "finding the job's other members") : 0;
}

void cr_address_map_free(struct cr_address_map *p)
{
	size_t i;

	for (i = 0; i < p->members.n; i++) {
		free(p->members.v[i].homes.v);
		free(p->members.v[i].now.v);
	}
	free(p->members.v);
	free(p->now.v);
	free(p->homes.v);
	free(p->wanted.v);
	free(p->shifts.v);
	free(p->points.v);
}

/* ---- ports ---- */

void cr_address_map_shifted(const struct cr_address_map *p, union cr_inet_name *name, int type)
{
	size_t i;

	for (i = 0; i < p->shifts.n; i++)
		if (p->shifts.v[i].type == type &&
		    p->shifts.v[i].port == htons(cr_inet_port(name))) {
			cr_inet_set_port(name, ntohs(p->shifts.v[i].now));
			return;
		}
}

static bool address_map_is_wanted(const struct cr_address_map *p, const union cr_inet_name *name,
				  int type)
{
	struct cr_place place = cr_place_of(name, type);
	size_t i;

	for (i = 0; i < p->wanted.n; i++) {
		const struct cr_place *w = &p->wanted.v[i];

		if (w->type == type && w->port == place.port &&
		    (cr_place_is_any(w) || cr_place_is_any(&place) ||
		     !memcmp(w->address, place.address, sizeof(place.address))))
			return true;
	}
	return false;
}

static int bind_any_port(struct cr_address_map *p, int fd, union cr_inet_name *name, int type,
			 struct cr_err *err)
{
	struct cr_shift *s = cr_list_add(&p->shifts);
	socklen_t len = sizeof(*name);
	char text[CR_INET_TEXT];

	if (!s)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "making sockets");
	s->type = type;
	s->port = htons(cr_inet_port(name));
	cr_inet_set_port(name, 0);
	if (bind(fd, &name->any, cr_inet_len(name)) || getsockname(fd, &name->any, &len))
		return cr_fail(err, CR_EXIT_CHANGED, errno, "cannot bind a socket to %s",
			       cr_inet_text(name, text));
	s->now = htons(cr_inet_port(name));
	return 0;
}

int cr_address_map_bind(struct cr_address_map *p, int fd, union cr_inet_name *name, int type,
			struct cr_err *err)
{
	uint16_t port;
	int ret;

	cr_address_map_shifted(p, name, type);
	port = cr_inet_port(name);
	if (port && address_map_is_wanted(p, name, type))
		return bind_any_port(p, fd, name, type, err);
	ret = type == SOCK_STREAM ? cr_tcp_try_bind(fd, name) :
				    (bind(fd, &name->any, cr_inet_len(name)) ? -errno : 0);
	if (ret == -EADDRINUSE && port)
		return bind_any_port(p, fd, name, type, err);
	if (ret == -EADDRNOTAVAIL && !cr_socket_set(fd, IPPROTO_IP, IP_FREEBIND, 1))
		ret = bind(fd, &name->any, cr_inet_len(name)) ? -errno : 0;
	if (ret) {
		char text[CR_INET_TEXT];

		return cr_fail(err, ret == -EACCES ? CR_EXIT_PERMISSION : CR_EXIT_CHANGED, -ret,
			       "cannot use address %s again", cr_inet_text(name, text));
	}
	return 0;
}

/* ---- who has which address in the end ---- */

static int note_point(struct cr_address_map *p, const struct cr_place *place,
		      const struct cr_place *now, uint32_t to)
{
	struct cr_point *x = cr_list_add(&p->points);

	if (!x)
		return -ENOMEM;
	*x = (struct cr_point){ *place, *now, to };
	return 0;
}

/* A socket that is not bound to one of its host's addresses is at all of them. */
static int note_everywhere(struct cr_address_map *p, const struct cr_place *place,
			   const struct cr_place *now)
{
	struct cr_place was = *place, is = *now;
	int ret = add_point(p->r->addresses, place, now);
	size_t i;

	for (i = 0; i < p->homes.n && !ret; i++) {
		memcpy(was.address, p->homes.v[i].address, sizeof(was.address));
		memcpy(is.address, was.address, sizeof(is.address));
		is.type = is.port = 0;
		cr_place_turn(p->r->addresses->by_virtual, p->r->addresses->nvirtual, &is);
		is.type = now->type;
		is.port = now->port;
		ret = note_point(p, &was, &is, 0);
	}
	return ret;
}

static int note_socket(struct cr_address_map *p, const struct cr_inet_new *k)
{
	union cr_inet_name name = { 0 };
	struct cr_place place, now;
	socklen_t len = sizeof(name);

	cr_inet_name(&name, k->m->local.bytes, k->m->local.size);
	place = cr_place_of(&name, k->m->type);
	if (!is_inet(k) || k->fd < 0 || !place.port || getsockname(k->fd, &name.any, &len))
		return 0;
	now = cr_place_of(&name, k->m->type);
	if (!now.port)
		return 0;
	if (cr_place_is_any(&place))
		return note_everywhere(p, &place, &now);
	/* A listener on loopback alone is nobody else's business. */
	if (k->m->type == SOCK_STREAM && k->m->state != CR_TCP_LISTEN)
		return note_point(p, &place, &now, k->m->member ? k->m->member : UINT32_MAX);
	return note_point(p, &place, &now, cr_place_is_loopback(&place) ? UINT32_MAX : 0);
}

static int by_listening(const void *a, const void *b)
{
	const struct cr_inet_new *const *x = a, *const *y = b;
	bool first = (*x)->m->state == CR_TCP_LISTEN, second = (*y)->m->state == CR_TCP_LISTEN;

	return first != second ? second - first : (*x > *y) - (*x < *y);
}

/* Listeners first: to them a port leads, whatever became of what they have accepted. */
static int note_sockets(struct cr_address_map *p, struct cr_inet_new *all, size_t n)
{
	const struct cr_inet_new **order = calloc(n + 1, sizeof(*order));
	size_t i;
	int ret = 0;

	if (!order)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		order[i] = &all[i];
	qsort(order, n, sizeof(*order), by_listening);
	for (i = 0; i < n && !ret; i++)
		ret = note_socket(p, order[i]);
	free(order);
	return ret;
}

static int read_points(struct cr_address_map *p, const struct cr_gathered_piece *piece)
{
	struct cr_point x;
	size_t k;
	int ret = 0;

	for (k = 0; k < piece->len / sizeof(x) && !ret; k++) {
		memcpy(&x, piece->data + k * sizeof(x), sizeof(x));
		if (piece->member == p->gather->member || !x.to || x.to == p->gather->member + 1)
			ret = add_point(p->r->addresses, &x.place, &x.now);
	}
	return ret;
}

/* A table that changes nothing is none. */
static void finish_table(struct cr_addresses *a)
{
	uint32_t i;

	for (i = 0; i < a->nvirtual; i++) {
		struct cr_place other = a->by_virtual[i].other;

		if (!other.port)
			other.type = a->by_virtual[i].place.type;
		if (cr_place_compare(&a->by_virtual[i].place, &other))
			a->magic = CR_ADDRESSES_MAGIC;
	}
	for (i = 0; i < a->nreal; i++)
		if (cr_place_compare(&a->by_real[i].place, &a->by_real[i].other))
			a->magic = CR_ADDRESSES_MAGIC;
}

int cr_address_map_settle(struct cr_address_map *p, struct cr_inet_new *all, size_t n,
			  struct cr_err *err)
{
	struct cr_gathered g = { 0 };
	int ret = note_sockets(p, all, n), pass;
	size_t i;

	for (i = 0; i < p->points.n && !ret && !cr_has_members(p->gather); i++)
		ret = add_point(p->r->addresses, &p->points.v[i].place, &p->points.v[i].now);
	if (!ret && cr_has_members(p->gather))
		ret = p->gather->all(p->gather, cairn_Step_STEP_CONNECTED, p->points.v,
				     p->points.n * sizeof(*p->points.v), &g, err);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < g.n && !ret; i++)
			if ((g.v[i].member == p->gather->member) == !pass)
				ret = read_points(p, &g.v[i]);
	cr_gathered_free(&g);
	if (ret == -ENOSPC)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "the job has more connections whose addresses or ports are others "
			       "on this node than can be translated (%d)",
			       CR_PLACES_MAX);
	if (ret)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "finding the job's other members");
	finish_table(p->r->addresses);
	for (i = 0; i < n; i++) {
		const cairn_InetSocket *m = all[i].m;

		if (!is_inet(&all[i]))
			continue;
		cr_inet_name(&all[i].remote, m->remote.bytes, m->remote.size);
		cr_address_real(p->r->addresses, m->type, &all[i].remote, sizeof(all[i].remote));
	}
	return 0;
}
