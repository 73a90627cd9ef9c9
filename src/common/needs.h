// SPDX-License-Identifier: Apache-2.0
//
// What an image names instead of storing: the programs, libraries and other mapped files that a
// node must have, and whether this one has them. Hosted code.
#pragma once

#include <stdbool.h>

#include "common/io.h"

struct cr_err;
struct cr_image;

enum cr_need_kind {
	CR_NEED_PROGRAM,
	CR_NEED_LIBRARY, /* mapped */
};

enum cr_need_state {
	CR_NEED_SAME,
	CR_NEED_TOUCHED, /* the same build, but another time of change */
	CR_NEED_DIFFERENT,
	CR_NEED_MISSING,
};

struct cr_need {
	enum cr_need_kind kind;
	const char *path;
	uint64_t size;
	int64_t mtime_ns;
	const uint8_t *build_id;
	size_t build_id_len;
	int pid; /* the first that uses it */
	bool writable; /* shared and written by the job: its content is another matter */
	bool packed; /* all of it that matters is in the image */
};

typedef CR_LIST(struct cr_need) cr_needs;

/* Each file once: programs, then libraries, by name. It points into the image. */
int cr_needs_of(const struct cr_image *img, cr_needs *list, struct cr_err *err);

/* errno is that of stat() for CR_NEED_MISSING. */
enum cr_need_state cr_need_look(const struct cr_need *need);

/* "same", "touched", "different", "missing" */
const char *cr_need_state_name(enum cr_need_state state);
