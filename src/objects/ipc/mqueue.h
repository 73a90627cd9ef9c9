// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues.
#pragma once

#include "objects/core/object.h"

/* In a process whose descriptors stand: whom its POSIX message queues notify. */
int cr_mqueues_of_process(const struct cr_restore *r, const struct cr_process_image *p,
			  struct cr_err *err);
