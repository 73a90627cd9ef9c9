// SPDX-License-Identifier: Apache-2.0
//
// As which others reach this node: what was given, else its interfaces' addresses. Where the
// coordinator is on loopback, so is the whole cluster.
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "node/node.h"
#include "node/node_address.h"

static bool loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void node_address_add(struct cr_node *n, const struct sockaddr *a)
{
	const void *from = a->sa_family == AF_INET ?
				   (const void *)&((const struct sockaddr_in *)a)->sin_addr :
				   (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;

	if (n->naddresses < CR_NODE_ADDRESSES &&
	    inet_ntop(a->sa_family, from, n->addresses[n->naddresses], sizeof(n->addresses[0])))
		n->naddresses++;
}

static bool node_address_usable(const struct ifaddrs *i, bool loop, int family)
{
	const struct sockaddr *a = i->ifa_addr;

	if (!a || a->sa_family != family || !(i->ifa_flags & IFF_UP) || loopback(a) != loop)
		return false;
	/* Of one link only: it means nothing elsewhere without the interface's name. */
	return family != AF_INET6 ||
	       !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

int cr_node_addresses(struct cr_node *n, struct cr_err *err)
{
	static const int families[] = { AF_INET, AF_INET6 };
	bool loop = loopback((struct sockaddr *)&n->up.at[0].at);
	struct ifaddrs *list, *i;
	size_t k;

	for (k = 0; k < n->options.addresses.n && k < CR_NODE_ADDRESSES; k++)
		snprintf(n->addresses[n->naddresses++], sizeof(n->addresses[0]), "%s",
			 n->options.addresses.v[k]);
	if (n->naddresses)
		return 0;
	if (getifaddrs(&list))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot list the interfaces");
	for (k = 0; k < CR_ARRAY_SIZE(families); k++)
		for (i = list; i; i = i->ifa_next)
			if (node_address_usable(i, loop, families[k]))
				node_address_add(n, i->ifa_addr);
	freeifaddrs(list);
	if (!n->naddresses)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "this host has no address that others reach: give --address");
	return 0;
}
