// SPDX-License-Identifier: Apache-2.0
//
// Multicast groups.
#pragma once

#include "common/image.h"

struct cr_err;
struct cr_inet;
struct cr_multicast_groups;
struct cr_restore;
struct cr_save;

/* The cache is of one save, freed by the caller. */
int cr_multicast_save(struct cr_save *s, struct cr_inet *k, struct cr_multicast_groups **cache,
		      struct cr_err *err);
void cr_multicast_free(struct cr_multicast_groups *g);
int cr_multicast_restore(struct cr_restore *r, int fd, const cairn_InetSocket *m,
			 struct cr_err *err);
