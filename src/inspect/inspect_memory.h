// SPDX-License-Identifier: Apache-2.0
//
// The memory of a saved process, by address: from the runs of the image, from shared objects and
// files that it stores, and from the files that it only names, if they are still the same.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.pb.h"

struct cr_err;
struct cr_image;
struct cr_process_image;

enum cr_memory_kind {
	CR_MEMORY_NONE, /* in no mapping, or not to be had: a guard, a file that has changed */
	CR_MEMORY_ZERO,
	CR_MEMORY_STORED,
	CR_MEMORY_FILE, /* as it is in the file now, which is the one that it was */
};

/* What lies at an address, and up to where it is of one kind. Pieces are not empty. */
struct cr_memory_piece {
	enum cr_memory_kind kind;
	uint64_t start, end;
	const cairn_Vma *vma; /* NULL: no mapping up to end */
};

struct cr_memory;

/* img and p stay as they are until it is closed. */
int cr_memory_open(struct cr_memory **out, const struct cr_image *img,
		   const struct cr_process_image *p, struct cr_err *err);
void cr_memory_close(struct cr_memory *m);

/* The mapping that an address is in, or NULL. */
const cairn_Vma *cr_memory_vma(const struct cr_memory *m, uint64_t addr);

struct cr_memory_piece cr_memory_piece(struct cr_memory *m, uint64_t addr);

/*
 * Up to *len bytes at addr, to be read until the next call; *len becomes what there is of one kind.
 * -EFAULT: CR_MEMORY_NONE. -EBADMSG: the image is damaged there.
 */
int cr_memory_view(struct cr_memory *m, uint64_t addr, const void **data, size_t *len,
		   struct cr_err *err);

/* All of it, or -EFAULT, -EBADMSG. */
int cr_memory_read(struct cr_memory *m, uint64_t addr, void *to, size_t len, struct cr_err *err);

/*
 * The file of a mapping, opened to be read, if it has the size and the time, or the build-id, that
 * it had at the checkpoint; else -1.
 */
int cr_mapped_file(const cairn_Vma *v);

/* Arguments or environment as they stand in memory: malloced, divided by zeros, with one more. */
int cr_memory_strings(const struct cr_image *img, const struct cr_process_image *p, uint64_t start,
		      uint64_t end, char **out, size_t *len, struct cr_err *err);
