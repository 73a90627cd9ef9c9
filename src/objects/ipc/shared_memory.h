// SPDX-License-Identifier: Apache-2.0
//
// Memory that processes share and that no file system holds.
#pragma once

#include "objects/core/object.h"

/* The object for an inode of memory; fd may be -1. id is what mappings refer to. */
cairn_SharedMemory *cr_shared_note(struct cr_save *s, int fd, const struct stat *st,
				   const char *name);
int cr_shared_index(const struct cr_image *img, uint32_t id);
