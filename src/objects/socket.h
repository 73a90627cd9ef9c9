// SPDX-License-Identifier: Apache-2.0
//
// What sockets of all families share: the options of SOL_SOCKET.
#pragma once

#include "common/image.h"

#define CR_SOCKET_OPTIONS 22

/* The options of a new socket. */
struct cr_socket_defaults {
	bool known[CR_SOCKET_OPTIONS];
	unsigned char value[CR_SOCKET_OPTIONS][16];
};

void cr_socket_defaults_read(struct cr_socket_defaults *d, int fresh);

/* Appends those of fd that differ; out has room for CR_SOCKET_OPTIONS more. */
void cr_socket_options_save(const struct cr_socket_defaults *d, int fd, cairn_SocketOption *out,
			    pb_size_t *count);
void cr_socket_options_restore(int fd, const cairn_SocketOption *v, pb_size_t count);
