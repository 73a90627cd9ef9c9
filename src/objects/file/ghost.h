// SPDX-License-Identifier: Apache-2.0
//
// Files that have no name.
#pragma once

#include "objects/core/object.h"

/* Whether a process runs it. */
bool cr_is_program(const struct cr_image *img, const cairn_Inode *m);
int cr_ghosts_make(struct cr_restore *r, struct cr_err *err);
