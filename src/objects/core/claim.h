// SPDX-License-Identifier: Apache-2.0
//
// What plugins have claimed.
#pragma once

#include "objects/core/object.h"

/* common/proc.h */
struct cr_map;

/* 1 if one has, 0 if none, -errno. known: Cairn could do it by itself. */
int cr_claim_fd(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d, bool known,
		struct cr_err *err);
int cr_claim_mapping(struct cr_save *s, pid_t pid, const struct cr_map *v, bool known,
		     struct cr_err *err);
/* The SharedMemory of a claimed mapping that start is in, 0 if it is in none. */
uint32_t cr_claimed_mapping(const struct cr_save *s, pid_t pid, uint64_t start);
int cr_plugins_store(struct cr_save *s, struct cr_err *err);
/* When descriptions are open: descriptors for the mappings. */
int cr_claims_prepare(struct cr_restore *r, struct cr_err *err);
