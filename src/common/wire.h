// SPDX-License-Identifier: Apache-2.0
//
// Messages (nanopb) over unix SOCK_SEQPACKET sockets, with fds beside them. No allocation and raw
// system calls only: the agent uses this inside its signal handler.
#pragma once

#include <pb.h>
#include <stddef.h>

#define CR_WIRE_MAX (64 * 1024)
#define CR_WIRE_FDS 128

/* A place to encode into; large, so it is never on a stack of the application. */
struct cr_wire {
	unsigned char buf[CR_WIRE_MAX];
};

/* Sends one message with nfds fds. 0 or -errno. */
int cr_wire_send(int sock, struct cr_wire *wire, const pb_msgdesc_t *type, const void *msg,
		 const int *fds, int nfds);

/*
 * Receives one. fds (CR_WIRE_FDS of them) may be NULL when none is expected; what came is
 * CLOEXEC and counted in *nfds. 1 for a message, 0 at the end of the connection, or -errno
 * (-EPROTO: not a message of this type; -EAGAIN: nothing there and flags had MSG_DONTWAIT).
 */
int cr_wire_recv(int sock, struct cr_wire *wire, const pb_msgdesc_t *type, void *msg, int *fds,
		 int *nfds, int flags);
