// SPDX-License-Identifier: Apache-2.0
//
// UDP and its like.
#pragma once

#include <stddef.h>

struct cr_err;
struct cr_inet;
struct cr_inet_new;
struct cr_address_map;
struct cr_restore;
struct cr_save;

int cr_udp_save(struct cr_save *s, struct cr_inet *k, struct cr_inet **all, size_t n,
		struct cr_err *err);
/* Makes them; then fills and connects them, when TCP's are made. */
int cr_udp_open(struct cr_restore *r, struct cr_inet_new *all, size_t n,
		struct cr_address_map *places, struct cr_err *err);
int cr_udp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n, struct cr_err *err);
