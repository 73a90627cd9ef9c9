// SPDX-License-Identifier: Apache-2.0
//
// A host's own addresses, and what they are to the job.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cr_err;
struct cr_home;
struct cr_place;
struct cr_save;
union cr_inet_name;

/* Tells one host, or network namespace, from another. */
struct cr_host_id {
	unsigned char bytes[16];
};

struct cr_own_addresses {
	struct cr_home *v;
	size_t n, room;
};

void cr_host_id_read(struct cr_host_id *id);
/* All that this host has, in the order of its interfaces; v is freed by the caller. */
int cr_own_addresses_read(struct cr_own_addresses *a);
/* Keeps those by which others can reach it. */
void cr_own_addresses_homes(struct cr_own_addresses *a);
bool cr_own_addresses_have(const struct cr_own_addresses *a, const struct cr_place *p);
/* Whether a place means the same host on every host. */
bool cr_place_is_loopback(const struct cr_place *p);
bool cr_place_is_any(const struct cr_place *p);
struct cr_place cr_place_of(const union cr_inet_name *name, int type);
/* Into the family that fits best. */
void cr_place_name(const struct cr_place *p, union cr_inet_name *to);
/* Fills s->homes. */
int cr_homes_save(struct cr_save *s);
/* A member's words that nobody understands. */
int cr_address_map_foreign(unsigned int member, struct cr_err *err);

/* What the application sees instead of an address that the kernel has. */
void cr_inet_seen(const struct cr_save *s, int type, void *name, size_t len);
