// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets getting their names again.
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/image.h"

struct cr_err;
struct unix_made;

/*
 * Gives a socket its name. With a place, the file of a path is made there for all to see, else
 * where nobody finds it. *at is its O_PATH descriptor, or -1 for an abstract name.
 */
int unix_bind_private(struct unix_made *made, int fd, const void *name, size_t len, int *at,
		      struct cr_err *err);
int unix_bind_place(struct unix_made *made, int fd, const cairn_UnixSocket *m, const char *place,
		    int *at, struct cr_err *err);

/* Where to connect to in order to reach it. */
socklen_t unix_address(const void *name, size_t len, int at, struct sockaddr_un *a);
