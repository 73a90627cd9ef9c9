// SPDX-License-Identifier: Apache-2.0
//
// A call and its answer on their socket: all of it or -errno.
#pragma once

#include <stdint.h>

struct cr_plugin_msg;

/* By which patience ends: -ETIMEDOUT, -EPIPE. */
struct cr_plugin_limit {
	int64_t deadline; /* CLOCK_MONOTONIC; 0: none */
	int ended; /* pidfd of who answers, whose children may have the socket, too; -1: none */
};

int cr_plugin_send(int sock, const struct cr_plugin_msg *m, const void *data, int fd,
		   const struct cr_plugin_limit *limit);
int cr_plugin_recv(int sock, struct cr_plugin_msg *m, void **data, int *fd,
		   const struct cr_plugin_limit *limit);
