// SPDX-License-Identifier: Apache-2.0
//
// Which files an inotify instance watches.
#pragma once

#include "objects/inotify.h"

/* Where the files of n watches are now; those that cannot be found stay without. */
void cr_find_watched(const struct cr_save *s, struct cr_watch *w, size_t n);
