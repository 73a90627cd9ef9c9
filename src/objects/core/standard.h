// SPDX-License-Identifier: Apache-2.0
//
// What the job has from whoever started it.
#pragma once

#include "objects/core/object.h"

/* What a process shall have at a number: fd, or of our standard ones that of this number. */
int cr_standard_fd(const struct cr_restore *r, const cairn_Description *d, int number, int fd);
