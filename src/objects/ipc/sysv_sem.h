// SPDX-License-Identifier: Apache-2.0
//
// SysV semaphores.
#pragma once

#include "objects/core/object.h"

int cr_semaphores_save(struct cr_save *s, struct cr_err *err);
int cr_semaphores_prepare(struct cr_restore *r, struct cr_err *err);

/* In a process: what its end shall undo. */
int cr_semaphores_of_process(const struct cr_restore *r, const struct cr_process_image *p,
			     struct cr_err *err);
