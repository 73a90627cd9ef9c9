// SPDX-License-Identifier: Apache-2.0
//
// TCP sockets being made again.
#pragma once

#include "common/image.h"
#include "objects/inet/inet_address.h"

struct cr_err;
struct cr_inet_new;
struct cr_address_map;
struct cr_restore;

/* Where the accepted end of connections is made; closed before real listeners listen. */
struct cr_tcp_gate {
	union cr_inet_name name;
	int fd;
};

struct cr_tcp_work {
	struct cr_restore *r;
	struct cr_inet_new *all;
	size_t n;
	struct cr_address_map *places; /* NULL: the job has no other members */
	CR_LIST(struct cr_tcp_gate) gates;
};

/* Without a record: one of our own. */
int cr_tcp_new_socket(const cairn_InetSocket *m, int family, struct cr_err *err);
int cr_tcp_made_failed(const struct cr_inet_new *k, int error, struct cr_err *err);

/* places: where the job's other members are, or NULL. */
int cr_tcp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n,
		   struct cr_address_map *places, struct cr_err *err);
