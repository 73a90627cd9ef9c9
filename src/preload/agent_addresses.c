// SPDX-License-Identifier: Apache-2.0
//
// The agent's table of addresses: from a restart, or, in a program that such a job executes, from
// the file that the restart left.
// Runs in: a restored process's main thread before any other goes on; the constructor.
#include "preload/agent_addresses.h"

#include <stddef.h>

#include "arch/x86_64/frame.h"
#include "preload/agent_ids.h"

bool agent_addresses_on;
struct cr_addresses agent_addresses;

static bool agent_addresses_fits(const struct cr_addresses *a)
{
	return a->magic == CR_ADDRESSES_MAGIC && a->nvirtual <= CR_PLACES_MAX &&
	       a->nreal <= CR_PLACES_MAX;
}

void agent_addresses_take(const struct cr_addresses *a)
{
	agent_addresses_on = agent_addresses_fits(a);
	if (!agent_addresses_on)
		return;
	memcpy(&agent_addresses, a, offsetof(struct cr_addresses, by_virtual));
	memcpy(agent_addresses.by_virtual, a->by_virtual, a->nvirtual * sizeof(*a->by_virtual));
	memcpy(agent_addresses.by_real, a->by_real, a->nreal * sizeof(*a->by_real));
}

bool agent_addresses_read(long fd)
{
	struct cr_addresses *a = &agent_addresses;

	agent_addresses_on =
		agent_read_all(fd, a, offsetof(struct cr_addresses, by_virtual)) &&
		agent_addresses_fits(a) &&
		agent_read_all(fd, a->by_virtual, a->nvirtual * sizeof(*a->by_virtual)) &&
		agent_read_all(fd, a->by_real, a->nreal * sizeof(*a->by_real));
	return agent_addresses_on;
}

/* Calls with an address, by the numbers of their arguments. */
static const struct {
	short nr, name, len;
} sends[] = {
	{ SYS_connect, 1, 2 },
	{ SYS_bind, 1, 2 },
	{ SYS_sendto, 4, 5 },
};

void agent_mend_address(const struct cr_addresses *now, ucontext_t *uc, struct sockaddr_in6 *room)
{
	greg_t *g = uc->uc_mcontext.gregs;
	unsigned int i;

	if (!agent_addresses_on && !agent_addresses_fits(now))
		return;
	for (i = 0; i < sizeof(sends) / sizeof(*sends); i++) {
		greg_t *name = &g[cr_frame_arg[sends[i].name]];
		socklen_t len = g[cr_frame_arg[sends[i].len]];
		int type;

		if (!cr_frame_before_call(uc, sends[i].nr) || !*name || len > sizeof(*room))
			continue;
		type = agent_socket_type(g[cr_frame_arg[0]]);
		memcpy(room, (const void *)*name, len);
		if (agent_addresses_on)
			cr_address_virtual(&agent_addresses, type, room, len);
		if (agent_addresses_fits(now))
			cr_address_real(now, type, room, len);
		*name = (greg_t)room;
	}
}
