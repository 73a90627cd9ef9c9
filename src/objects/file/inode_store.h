// SPDX-License-Identifier: Apache-2.0
//
// What a save stores of the files that it has noted.
#pragma once

#include "objects/core/object.h"

/* Policies, contents and records. */
int cr_inodes_store(struct cr_save *s, struct cr_err *err);
