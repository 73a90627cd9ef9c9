// SPDX-License-Identifier: Apache-2.0
//
// TCP and UDP as sock_diag(7) shows them.
#pragma once

#include "objects/inet/inet_address.h"

/* A connection as sock_diag shows it. */
struct cr_tcp_seen {
	int state;
	uint32_t inode; /* 0: nobody has it */
	uint32_t uid;
	uint32_t unread; /* bytes, an urgent one and an end among them */
	union cr_inet_name local, remote;
};

/* Calls fn for each in these states (1 << CR_TCP_...), from a local port if that is not 0. */
void cr_tcp_each(int family, unsigned int states, uint16_t port,
		 bool (*fn)(const struct cr_tcp_seen *seen, void *arg), void *arg);
bool cr_tcp_look(const union cr_inet_name *local, const union cr_inet_name *remote,
		 struct cr_tcp_seen *seen);

/* UDP sockets that shutdown() was called for: 1 for reading, 2 for writing. */
void cr_udp_each_shutdown(int family, int protocol,
			  void (*fn)(uint32_t inode, unsigned int how, void *arg), void *arg);
