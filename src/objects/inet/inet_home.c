// SPDX-License-Identifier: Apache-2.0
//
// What host this is and which addresses it has, for jobs of several members.
// Runs in the shepherd. Without an answer of the kernel a host has no addresses, and is one that no
// other is.
#include "objects/inet/inet_home.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "common/addresses.h"
#include "objects/core/object.h"
#include "objects/inet/inet_address.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static const unsigned char mapped[12] = { [10] = 0xff, 0xff };

void cr_host_id_read(struct cr_host_id *id)
{
	cr_auto_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_auto_free char *text = NULL;
	uint64_t cookie = 0, half;
	socklen_t len = sizeof(cookie);
	size_t i, n = 0;

	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len);
	memset(id, 0, sizeof(*id));
	if (cr_slurp(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text) <= 0 || !cookie) {
		if (getrandom(id, sizeof(*id), 0) < 0)
			memset(id, 1, sizeof(*id));
		return;
	}
	for (i = 0; text[i] && n < 32; i++) {
		int digit = text[i] >= 'a' ? text[i] - 'a' + 10 : text[i] - '0';

		if (digit < 0 || digit > 15)
			continue;
		id->bytes[n / 2] |= n % 2 ? digit : digit << 4;
		n++;
	}
	memcpy(&half, id->bytes, sizeof(half));
	half ^= cookie;
	memcpy(id->bytes, &half, sizeof(half));
}

static unsigned int prefix_of(const struct sockaddr *mask)
{
	struct cr_place p = { 0 };
	unsigned int i, bits = mask && mask->sa_family == AF_INET ? 96 : 0;

	if (!mask)
		return 128;
	if (mask->sa_family == AF_INET)
		memcpy(p.address + 12, &((const struct sockaddr_in *)mask)->sin_addr, 4);
	else
		memcpy(p.address, &((const struct sockaddr_in6 *)mask)->sin6_addr, 16);
	for (i = bits; i < 128 && p.address[i / 8] >> (7 - i % 8) & 1; i++)
		bits++;
	return bits;
}

int cr_own_addresses_read(struct cr_own_addresses *a)
{
	struct ifaddrs *all, *i;

	if (getifaddrs(&all))
		return 0;
	for (i = all; i; i = i->ifa_next) {
		struct cr_place p;
		struct cr_home *to;

		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6) ||
		    !cr_place_read(&p, i->ifa_addr, sizeof(struct sockaddr_in6)))
			continue;
		to = cr_list_add(a);
		if (!to) {
			freeifaddrs(all);
			return -ENOMEM;
		}
		memcpy(to->address, p.address, sizeof(to->address));
		to->prefix = prefix_of(i->ifa_netmask);
	}
	freeifaddrs(all);
	return 0;
}

bool cr_own_addresses_have(const struct cr_own_addresses *a, const struct cr_place *p)
{
	size_t i;

	if (cr_place_is_loopback(p))
		return true;
	for (i = 0; i < a->n; i++)
		if (!memcmp(a->v[i].address, p->address, sizeof(p->address)))
			return true;
	return false;
}

bool cr_place_is_loopback(const struct cr_place *p)
{
	static const unsigned char one[16] = { [15] = 1 };

	return !memcmp(p->address, one, sizeof(one)) ||
	       (!memcmp(p->address, mapped, sizeof(mapped)) && p->address[12] == 127);
}

bool cr_place_is_any(const struct cr_place *p)
{
	static const unsigned char none[16];

	return !memcmp(p->address, none, sizeof(none)) ||
	       (!memcmp(p->address, mapped, sizeof(mapped)) && !memcmp(p->address + 12, none, 4));
}

struct cr_place cr_place_of(const union cr_inet_name *name, int type)
{
	struct cr_place p = { 0 };

	cr_place_read(&p, name, sizeof(*name));
	p.type = type;
	return p;
}

void cr_place_name(const struct cr_place *p, union cr_inet_name *to)
{
	memset(to, 0, sizeof(*to));
	to->any.sa_family = cr_place_is_v4(p) ? AF_INET : AF_INET6;
	cr_place_write(p, to);
}

void cr_inet_seen(const struct cr_save *s, int type, void *name, size_t len)
{
	if (s->addresses)
		cr_address_virtual(s->addresses, type, name, len);
}

/* Of link-local ones there is one for each interface, and they say nothing elsewhere. */
static bool is_home(const struct cr_home *h)
{
	struct cr_place p = { 0 };

	memcpy(p.address, h->address, sizeof(p.address));
	return !cr_place_is_loopback(&p) && !(p.address[0] == 0xfe && p.address[1] >> 6 == 2) &&
	       !(cr_place_is_v4(&p) && p.address[12] == 169 && p.address[13] == 254);
}

void cr_own_addresses_homes(struct cr_own_addresses *a)
{
	size_t i, n = 0;

	for (i = 0; i < a->n && n < CR_HOMES_MAX; i++)
		if (is_home(&a->v[i]))
			a->v[n++] = a->v[i];
	a->n = n;
}

int cr_homes_save(struct cr_save *s)
{
	struct cr_own_addresses a = { 0 };
	const struct cr_home *from;
	size_t i, n;
	int ret = 0;

	if (s->addresses && s->addresses->nhomes) {
		from = s->addresses->homes;
		n = s->addresses->nhomes;
	} else {
		ret = cr_own_addresses_read(&a);
		cr_own_addresses_homes(&a);
		from = a.v;
		n = a.n;
	}
	for (i = 0; i < n && !ret; i++) {
		struct cr_home *to = cr_list_add(&s->homes);

		if (to)
			*to = from[i];
		else
			ret = -ENOMEM;
	}
	free(a.v);
	return ret;
}

int cr_address_map_foreign(unsigned int member, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_FORMAT, 0,
		       "member %u of the job speaks of its sockets in another way: have the same "
		       "version of Cairn on all nodes",
		       member);
}
