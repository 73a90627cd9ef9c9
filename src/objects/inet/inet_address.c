// SPDX-License-Identifier: Apache-2.0
//
// Internet addresses: IPv4, IPv6 and IPv4 in IPv6 as one. Runs in the shepherd; nothing here fails.
#include "objects/inet/inet_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/io.h"

static const unsigned char mapped[12] = { [10] = 0xff, 0xff };

struct cr_inet_key cr_inet_key(const void *bytes)
{
	const union cr_inet_name *name = bytes;
	struct cr_inet_key k = { 0 };

	if (name->any.sa_family == AF_INET6) {
		memcpy(k.address, &name->v6.sin6_addr, 16);
		k.port = name->v6.sin6_port;
		return k;
	}
	if (name->v4.sin_addr.s_addr) {
		memcpy(k.address, mapped, sizeof(mapped));
		memcpy(k.address + 12, &name->v4.sin_addr, 4);
	}
	k.port = name->v4.sin_port;
	return k;
}

void cr_inet_name(union cr_inet_name *to, const void *bytes, size_t len)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, bytes, len < sizeof(*to) ? len : sizeof(*to));
}

socklen_t cr_inet_len(const union cr_inet_name *name)
{
	return name->any.sa_family == AF_INET6 ? sizeof(name->v6) : sizeof(name->v4);
}

uint16_t cr_inet_port(const union cr_inet_name *name)
{
	return ntohs(name->any.sa_family == AF_INET6 ? name->v6.sin6_port : name->v4.sin_port);
}

void cr_inet_set_port(union cr_inet_name *name, uint16_t port)
{
	if (name->any.sa_family == AF_INET6)
		name->v6.sin6_port = htons(port);
	else
		name->v4.sin_port = htons(port);
}

bool cr_inet_is_any(const union cr_inet_name *name)
{
	static const unsigned char none[16];
	struct cr_inet_key k = cr_inet_key(name);

	return !memcmp(k.address, none, sizeof(none)) ||
	       (!memcmp(k.address, mapped, sizeof(mapped)) && !memcmp(k.address + 12, none, 4));
}

bool cr_inet_overlap(const union cr_inet_name *a, const union cr_inet_name *b)
{
	struct cr_inet_key x = cr_inet_key(a), y = cr_inet_key(b);

	return x.port == y.port && (cr_inet_is_any(a) || cr_inet_is_any(b) ||
				    !memcmp(x.address, y.address, sizeof(x.address)));
}

bool cr_inet_is_mapped(const union cr_inet_name *name)
{
	return name->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&name->v6.sin6_addr);
}

void cr_inet_loopback(union cr_inet_name *name)
{
	uint32_t v4 = htonl(INADDR_LOOPBACK);

	if (name->any.sa_family != AF_INET6) {
		name->v4.sin_addr.s_addr = v4;
	} else if (cr_inet_is_mapped(name)) {
		memcpy(name->v6.sin6_addr.s6_addr + 12, &v4, 4);
	} else {
		name->v6.sin6_addr = in6addr_loopback;
		name->v6.sin6_scope_id = 0;
	}
}

bool cr_inet_is_here(const union cr_inet_name *name)
{
	cr_auto_fd fd = socket(name->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union cr_inet_name at = *name;

	cr_inet_set_port(&at, 0);
	return fd >= 0 && !bind(fd, &at.any, cr_inet_len(&at));
}

const char *cr_inet_text(const union cr_inet_name *name, char text[CR_INET_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "?";

	if (name->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &name->v6.sin6_addr, address, sizeof(address));
	else
		inet_ntop(AF_INET, &name->v4.sin_addr, address, sizeof(address));
	snprintf(text, CR_INET_TEXT, name->any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
		 cr_inet_port(name));
	return text;
}
