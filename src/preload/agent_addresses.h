// SPDX-License-Identifier: Apache-2.0
//
// Addresses as the application sees them and as the kernel has them, since a restart of a job of
// several members. Before one, each translation is the test of a flag. The table is written before
// the first thread of the process runs and never changes afterwards.
#pragma once

#include <sys/socket.h>
#include <ucontext.h>

#include "arch/x86_64/syscall.h"
#include "common/addresses.h"

extern bool agent_addresses_on __attribute__((visibility("hidden")));
extern struct cr_addresses agent_addresses __attribute__((visibility("hidden")));

/* Takes over a restart's table, or none. */
void agent_addresses_take(const struct cr_addresses *a);
/* For a program that the job has executed: what is next in an open file. */
bool agent_addresses_read(long fd);

/*
 * A call that was about to be made when the last life ended, by the table of that life, which is
 * still there, and the new one: where it leads. The address then lies in *room.
 */
void agent_mend_address(const struct cr_addresses *now, ucontext_t *uc, struct sockaddr_in6 *room);

/* TCP's ports are not UDP's. */
static inline int agent_socket_type(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	cr_sys5(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type;
}
