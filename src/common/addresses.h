// SPDX-License-Identifier: Apache-2.0
//
// Addresses of a job that spans several nodes and was restarted: its members have other addresses
// now, the real ones, while the job goes on with those that it had, the virtual ones. The table is
// made once per restart, by each member for itself, and never changes; what it does not name is
// itself. A whole host's address is one entry; a port has one of its own where it differs from what
// that says, or where several members are on one host now or were once.
// Invariant: both arrays sorted by place.
// Runs in: the shepherd, the processes being restored, the agent. No libc.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/defs.h"

/* IPv4 as mapped into IPv6, but "any" as all zero. Compared as bytes. */
struct cr_place {
	unsigned char address[16];
	uint16_t port; /* network order; 0: all of them */
	uint16_t type; /* SOCK_STREAM, SOCK_DGRAM; 0 for all ports */
};

struct cr_place_entry {
	struct cr_place place, other; /* a port 0 of other: the same */
};

#define CR_PLACES_MAX 4096
#define CR_HOMES_MAX 32
#define CR_ADDRESSES_MAGIC 0x72646461u

/* An address of a host. */
struct cr_home {
	unsigned char address[16];
	uint8_t prefix; /* bits of its network, of 128 */
};

struct cr_addresses {
	uint32_t magic; /* 0: there is no table */
	uint32_t nvirtual, nreal;
	uint32_t ports; /* entries for a port, in both */
	uint32_t nhomes; /* for the next image: our own, from the launch on */
	struct cr_home homes[CR_HOMES_MAX];
	struct cr_place_entry by_virtual[CR_PLACES_MAX];
	struct cr_place_entry by_real[CR_PLACES_MAX];
};

static inline __attribute__((always_inline)) int cr_place_compare(const void *a, const void *b)
{
	const unsigned char *x = a, *y = b;
	unsigned int i;

	for (i = 0; i < sizeof(struct cr_place); i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static inline __attribute__((always_inline)) const struct cr_place_entry *
cr_place_find(const struct cr_place_entry *v, uint32_t n, const struct cr_place *place)
{
	uint32_t at = CR_FIRST_NOT(i, 0, n, cr_place_compare(&v[i].place, place) < 0);

	return at < n && !cr_place_compare(&v[at].place, place) ? &v[at] : 0;
}

/* What a place is called on the other side; false if as it is. */
static inline __attribute__((always_inline)) bool cr_place_turn(const struct cr_place_entry *v,
								uint32_t n, struct cr_place *place)
{
	struct cr_place host = *place;
	const struct cr_place_entry *e = cr_place_find(v, n, place);
	uint16_t port;

	if (!e) {
		host.port = host.type = 0;
		e = cr_place_find(v, n, &host);
	}
	if (!e)
		return false;
	port = e->other.port ? e->other.port : place->port;
	memcpy(place->address, e->other.address, sizeof(place->address));
	place->port = port;
	return true;
}

/* Of a sockaddr; false if it is none of the internet's. */
static inline __attribute__((always_inline)) bool cr_place_read(struct cr_place *p,
								const void *name, uint32_t len)
{
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} n;
	uint16_t family;

	if (len < sizeof(n.v4))
		return false;
	memcpy(&family, name, sizeof(family));
	memset(p, 0, sizeof(*p));
	if (family == AF_INET) {
		memcpy(&n.v4, name, sizeof(n.v4));
		p->port = n.v4.sin_port;
		if (!n.v4.sin_addr.s_addr)
			return true;
		p->address[10] = p->address[11] = 0xff;
		memcpy(p->address + 12, &n.v4.sin_addr, 4);
		return true;
	}
	if (family != AF_INET6 || len < 24)
		return false;
	memcpy(&n.v6, name, 24);
	p->port = n.v6.sin6_port;
	memcpy(p->address, &n.v6.sin6_addr, 16);
	return true;
}

static inline __attribute__((always_inline)) bool cr_place_is_v4(const struct cr_place *p)
{
	unsigned char any = 0;
	unsigned int i;

	for (i = 0; i < 10; i++)
		any |= p->address[i];
	return !any && p->address[10] == 0xff && p->address[11] == 0xff;
}

/* Into a sockaddr that a place was read from; false if its family has no such address. */
static inline __attribute__((always_inline)) bool cr_place_write(const struct cr_place *p,
								 void *name)
{
	unsigned char *bytes = name;
	unsigned char any = 0;
	uint16_t family;
	unsigned int i;

	memcpy(&family, name, sizeof(family));
	for (i = 0; i < 16; i++)
		any |= p->address[i];
	if (family == AF_INET && any && !cr_place_is_v4(p))
		return false;
	memcpy(bytes + 2, &p->port, 2);
	if (family == AF_INET)
		memcpy(bytes + 4, p->address + 12, 4);
	else
		memcpy(bytes + 8, p->address, 16);
	return true;
}

/*
 * Turns a sockaddr where it stands; type is the socket's, or 0 where ports do not matter. False if
 * it stays as it is.
 */
static inline __attribute__((always_inline)) bool
cr_address_turn(const struct cr_addresses *a, bool real, int type, void *name, uint32_t len)
{
	struct cr_place p;

	if (!cr_place_read(&p, name, len))
		return false;
	p.type = type;
	return cr_place_turn(real ? a->by_virtual : a->by_real, real ? a->nvirtual : a->nreal,
			     &p) &&
	       cr_place_write(&p, name);
}

static inline bool cr_address_real(const struct cr_addresses *a, int type, void *name, uint32_t len)
{
	return cr_address_turn(a, true, type, name, len);
}

static inline bool cr_address_virtual(const struct cr_addresses *a, int type, void *name,
				      uint32_t len)
{
	return cr_address_turn(a, false, type, name, len);
}
