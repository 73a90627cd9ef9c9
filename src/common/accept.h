// SPDX-License-Identifier: Apache-2.0
//
// The name by which a connection in a backlog tells that a checkpoint has put it there to carry
// the real one (objects/unix/unix_backlog.c, preload/wrap_accept.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* In the abstract namespace; the shepherd's pid follows. */
#define CR_HELD_NAME "cairn-held-"

static inline bool cr_is_held(const struct sockaddr_un *name, socklen_t len)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path) + 1;

	return len > head + sizeof(CR_HELD_NAME) - 1 && name->sun_family == AF_UNIX &&
	       !name->sun_path[0] &&
	       !memcmp(name->sun_path + 1, CR_HELD_NAME, sizeof(CR_HELD_NAME) - 1);
}
