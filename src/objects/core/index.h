// SPDX-License-Identifier: Apache-2.0
//
// Finding what belongs together in an image, by its numbers, and the row of a kind.
// Indexes into the lists of the image; -ENOENT.
#pragma once

#include "common/ids.h"
#include "objects/core/object.h"

/* NULL: it is none of them, or one that no description is of. */
const struct cr_object *cr_object_of(const struct cr_object *const *kinds, cairn_ObjectKind kind);
int cr_description_index(const struct cr_image *img, uint32_t id);
int cr_inode_index(const struct cr_image *img, uint64_t dev, uint64_t inode);
/* The first number under which the process has a description, or -1. */
int cr_first_number(const struct cr_image *img, pid_t pid, uint32_t id);

/* What the kernel knows a process or thread of the image by; 0 for one that is not born yet. */
pid_t cr_restored_pid(const struct cr_restore *r, pid_t id);
/* In the shepherd, before there are processes: what had an id has another without namespaces. */
void cr_restored_as(struct cr_restore *r, enum cr_id_kind kind, int id, int now);
