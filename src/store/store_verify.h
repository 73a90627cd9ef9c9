// SPDX-License-Identifier: Apache-2.0
//
// Reading an image again, to see that every byte is what it was.
#pragma once

#include "store/pieces.h"
#include "store/place.h"

struct cr_err;

/*
 * Reads all spans that are not in known, and compares. At the first that is not as it should be:
 * -EBADMSG with *bad. pace is called with the bytes before they are read, and ends it by an error.
 */
struct cr_check {
	const struct cr_piece_map *known; /* may be NULL */
	bool fresh; /* from the disk, not from memory */
	int (*pace)(void *arg, size_t bytes);
	void *arg;
};
int cr_spans_check(int pack, const cr_span_list *spans, const struct cr_check *c,
		   struct cr_span *bad);
/* Whether what lies between them is zero; zero: makes it so. */
int cr_gaps_check(int pack, uint64_t size, const cr_span_list *spans, const struct cr_check *c,
		  bool zero);
/* All of an image; with the error that tells what is wrong. */
int cr_image_check(const struct cr_place *p, enum cr_image_form form, uint32_t number,
		   const struct cr_check *c, struct cr_err *err);

/*
 * All checksums of a checkpoint, PATH being DIR/NNNNNN; whoever's it is. In the caller's thread.
 * CR_EXIT_DAMAGED, CR_EXIT_NOT_FOUND, CR_EXIT_FORMAT.
 */
int cr_store_verify(const char *path, struct cr_err *err);
