// SPDX-License-Identifier: Apache-2.0
//
// Looking into a checkpoint: what crimage's verbs are given. Each verb is a file here and a row in
// src/tools/crimage.c; its function returns 0, or -errno with in->err filled. An image is read,
// never changed, and nothing of it is started; it may be damaged or hostile.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/defs.h"
#include "common/err.h"

struct cr_image;
struct cr_process_image;

#define CR_INSPECT_OPERANDS 8

struct cr_inspect {
	bool json, all, help, version;
	const char *output; /* instead of standard output; NULL if not given */
	const char *of[CR_INSPECT_OPERANDS]; /* what stands behind the verb: first the image */
	size_t n_of;
	struct cr_image *img; /* of[0], opened; not for verbs that open it themselves */
	struct cr_err err;
};

/* The folder of what DIR/NAME or DIR/NAME/NUMBER means, or of a copy of it under another name. */
int cr_inspect_find(const char *where, char path[CR_PATH_MAX], struct cr_err *err);

/*
 * Opens what DIR/NAME or DIR/NAME/NUMBER means, whoever's it is: 0 or -errno with in->err filled.
 * To be freed by cr_inspect_close().
 */
int cr_inspect_open(struct cr_inspect *in, const char *where, struct cr_image **img);
void cr_inspect_close(struct cr_image *img);

/* The process of a pid in decimal, or NULL with in->err filled. NULL: the root process. */
struct cr_process_image *cr_inspect_process(struct cr_inspect *in, const char *pid);
