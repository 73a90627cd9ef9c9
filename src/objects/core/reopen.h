// SPDX-License-Identifier: Apache-2.0
//
// Opening again what has a path, as the job had it open.
#pragma once

#include "objects/core/object.h"

/*
 * Opens path again with a description's flags, if it is of the description's kind; or at, where
 * that is no -1. CR_EXIT_CHANGED when that fails.
 */
int cr_reopen(struct cr_restore *r, int at, const char *path, const cairn_Description *d,
	      struct cr_err *err);

/* Opens what d, which may have lost its name, leads to; with the flags of how. */
int cr_reopen_any(struct cr_restore *r, const cairn_Description *d, const cairn_Description *how,
		  struct cr_err *err);

/* For a path of a process in /proc, once all exist. */
int cr_reopen_proc(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);

/* The examine() of what is opened by its path. */
int cr_path_examine(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err);

/* Who gets signals about it, once all processes exist. */
void cr_object_owner(const struct cr_restore *r, int fd, const cairn_Description *d);
