// SPDX-License-Identifier: Apache-2.0
//
// At a restart: what of the job's addresses and ports is what on the nodes where its members are
// now.
#pragma once

#include "common/addresses.h"
#include "common/io.h"
#include "objects/inet/inet_home.h"

struct cr_err;
struct cr_gather;
struct cr_inet_new;
struct cr_address_map_member;
struct cr_restore;
union cr_inet_name;

/* A port that is another one now, for all that had it. */
struct cr_shift {
	uint16_t type, port, now; /* network order */
};

/* An address of a socket, as it was and as it is. */
struct cr_point {
	struct cr_place place, now;
	uint32_t to; /* 1 + the member that it matters to, 0: all */
};

struct cr_address_map {
	struct cr_restore *r;
	struct cr_gather *gather;
	struct cr_host_id host;
	struct cr_own_addresses now;
	CR_LIST(struct cr_home) homes;
	CR_LIST(struct cr_address_map_member) members;
	CR_LIST(struct cr_place) wanted; /* by members before us, on this host */
	CR_LIST(struct cr_shift) shifts;
	CR_LIST(struct cr_point) points; /* what else is known of ours */
};

/* Gathers "places"; all[].local are as the kernel shall have them from then on. */
int cr_address_map_begin(struct cr_address_map *p, struct cr_restore *r, struct cr_inet_new *all,
			 size_t n, struct cr_err *err);
/* Gathers "connected": who has which address in the end; all[].remote are as the kernel's. */
int cr_address_map_settle(struct cr_address_map *p, struct cr_inet_new *all, size_t n,
			  struct cr_err *err);
void cr_address_map_free(struct cr_address_map *p);
/*
 * Binds to a port that another program may have now, or another member. Then it is another one, in
 * *name too, and from then on for all that had it.
 */
int cr_address_map_bind(struct cr_address_map *p, int fd, union cr_inet_name *name, int type,
			struct cr_err *err);
/* The port that a name has, if it has been taken by others. */
void cr_address_map_shifted(const struct cr_address_map *p, union cr_inet_name *name, int type);
