// SPDX-License-Identifier: Apache-2.0
//
// Finding what belongs together in an image, by its numbers, and the row of a kind.
// Indexes into the lists of the image; -ENOENT.
#pragma once

#include "objects/object.h"

/* NULL: it is none of them. */
const struct cr_object *cr_object_of(const struct cr_object *const *kinds, cairn_ObjectKind kind);
int cr_description_index(const struct cr_image *img, uint32_t id);
int cr_inode_index(const struct cr_image *img, uint64_t dev, uint64_t inode);
/* The first number under which the process has a description, or -1. */
int cr_first_number(const struct cr_image *img, pid_t pid, uint32_t id);
