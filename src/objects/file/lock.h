// SPDX-License-Identifier: Apache-2.0
//
// File locks.
#pragma once

#include "objects/core/object.h"

/* The locks that show on a descriptor of a process. */
int cr_locks_save(struct cr_save *s, pid_t pid, int tid, int number, struct cr_saved_description *d,
		  struct cr_err *err);
/* By a process: those of descriptions that it took, whether it has them or not. */
int cr_locks_by_process(struct cr_restore *r, pid_t pid, struct cr_err *err);
/* And its own, once its descriptors stand. */
int cr_locks_of_process(const struct cr_image *img, const struct cr_process_image *p,
			struct cr_err *err);
