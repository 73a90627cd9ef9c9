// SPDX-License-Identifier: Apache-2.0
//
// The contents of a process's memory.
#pragma once

#include "common/image.h"

struct cr_err;
struct cr_layout;
struct cr_process_image;
struct cr_restart;

/* A mapping made at a temporary place, to be moved to its own. */
struct cr_island {
	uint64_t at, target, len;
	const cairn_Vma *vma;
};

typedef CR_LIST(struct cr_island) cr_islands;

int cr_memory_build(struct cr_restart *r, const struct cr_process_image *p, struct cr_layout *l,
		    cr_islands *islands, struct cr_err *err);

/* How a mapping is made. */
int cr_map_flags(const cairn_Vma *v);

/* Opens the file of a mapping. */
int cr_open_mapped(struct cr_restart *r, const cairn_Vma *v, struct cr_err *err);
