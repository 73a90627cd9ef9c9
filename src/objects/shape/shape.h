// SPDX-License-Identifier: Apache-2.0
//
// What a kind of objects is: its name, how it shows, what it needs at a restart, and what an image
// says of it in words. No code that saves or restores: this is for whoever has only an image, too.
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "common/image.h"

struct cr_model;

#define CR_DESCRIBE_MAX (CR_PATH_MAX + 1024)
#define CR_NUMBERS_MOST 4 /* with a peer, stand-ins, or a pair of sockets by which it comes late */

struct cr_shape {
	cairn_ObjectKind kind;
	const char *name; /* in messages */
	const char *word; /* in tables */

	/* The rest may be NULL or 0. */

	const char *one; /* "an eventfd", where one is refused */
	const char *link; /* what /proc/PID/fd says of each; NULL: match() of its cr_object tells */
	const char *need; /* what a restart asks of the path: "exists", "stored" */
	mode_t file; /* what the path must lead to; 0: anything */
	unsigned int numbers; /* of a restart, for each; 0: CR_NUMBERS_MOST */
	bool lockable; /* somebody locks them in practice */
	bool in_folder; /* it is made again at its path, with the directories above */
	/* One line about it, with what waits in it; not who holds it. NULL: its word. */
	void (*describe)(const struct cr_model *m, const cairn_Description *d,
			 char out[CR_DESCRIBE_MAX]);
	/* What waits in it, or is stored of it; NULL: nothing. */
	const cairn_Blob *(*queue)(const struct cr_model *m, const cairn_Description *d);
};

#define SHARED(name)
#define KIND(name) extern const struct cr_shape cr_shape_##name;
#include "objects/shape/kinds.def"
#undef KIND
#undef SHARED
