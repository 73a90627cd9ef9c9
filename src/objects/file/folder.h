// SPDX-License-Identifier: Apache-2.0
//
// The directories above what a restart makes again.
#pragma once

#include "objects/core/object.h"

/* Directories above what is made again if it is missing. */
int cr_folders_note(struct cr_save *s, const char *below, struct cr_err *err);
/* Makes those that are missing; false if one is not of the image or cannot be made. */
bool cr_folders_make(struct cr_restore *r, const char *below);
void cr_folders_give_up(struct cr_restore *r);
