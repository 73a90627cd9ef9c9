// SPDX-License-Identifier: Apache-2.0
//
// CRIU's own image files, as far as Cairn needs them: proto/criu.proto. They come out of a
// checkpoint, so every number in them is checked. Hosted code.
#pragma once

#include <pb.h>
#include <stddef.h>

struct cr_err;

/* What is in the images of a dump. */
struct cr_criu_count {
	unsigned int processes, threads;
};

/*
 * Calls fn for every entry of the file name in the folder dir, until it fails; msg has size bytes.
 * -ENOENT: there is no such file, err is untouched.
 */
int cr_criu_each(int dir, const char *name, const pb_msgdesc_t *fields, void *msg, size_t size,
		 int (*fn)(void *arg, const void *msg), void *arg, struct cr_err *err);
