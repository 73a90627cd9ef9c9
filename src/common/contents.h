// SPDX-License-Identifier: Apache-2.0
//
// Everything that an image keeps in its pack, in the order of its places, and whether it is still
// what was written. Hosted code.
#pragma once

#include "common/io.h"

struct cr_err;
struct cr_image;

enum cr_content_of {
	CR_CONTENT_PROCESS, /* memory of process id at addr */
	CR_CONTENT_SHARED, /* of shared memory id at addr */
	CR_CONTENT_BLOB, /* of a record: a file, a queue */
};

struct cr_content {
	uint64_t offset, size, xxh3;
	enum cr_content_of of;
	uint32_t id;
	uint64_t addr;
};

typedef CR_LIST(struct cr_content) cr_contents;

/*
 * Called for each damaged place; what says how, c is NULL for bytes that nothing covers. 0: go on.
 */
struct cr_contents_report {
	int (*damaged)(void *arg, const struct cr_content *c, uint64_t offset, uint64_t size,
		       const char *what);
	void *arg;
	/* May be NULL: told of what has been read, as it is read. */
	void (*read)(void *arg, uint64_t bytes);
};

int cr_contents_of(const struct cr_image *img, cr_contents *list, struct cr_err *err);

/* Reads them all. 0, or what the report returned, or -ENOMEM. */
int cr_contents_check(const struct cr_image *img, const cr_contents *list,
		      const struct cr_contents_report *report);

/* What no checksum covers must be zero. One report for each gap at most. */
int cr_contents_gaps(const struct cr_image *img, const cr_contents *list,
		     const struct cr_contents_report *report);
