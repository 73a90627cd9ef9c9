// SPDX-License-Identifier: Apache-2.0
//
// Room in two address spaces at once.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cr_process_image;

struct cr_span {
	uint64_t start, end;
};

struct cr_layout {
	struct cr_span *v;
	size_t n, room;
	size_t next; /* span below which the latest place was found, */
	uint64_t next_at; /* and where that ends */
	struct cr_span vdso[3]; /* of this process: vdso, vvar, vvar_vclock */
};

/* What this process maps and what p shall map, sorted. */
int cr_layout_read(struct cr_layout *l, const struct cr_process_image *p);

/* A place of len bytes that neither uses and whose address is like modulo 2 MiB; 0 for none. */
uint64_t cr_layout_find(struct cr_layout *l, uint64_t len, uint64_t like);
