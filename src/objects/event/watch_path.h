// SPDX-License-Identifier: Apache-2.0
//
// Which files an inotify instance watches.
#pragma once

#include <stddef.h>

struct cr_save;
struct cr_watch;

/* Where the files of n watches are now; those that cannot be found stay without. */
void cr_find_watched(const struct cr_save *s, struct cr_watch *w, size_t n);

/* A path that a process has watched once, as its agent tells. */
void cr_watched(struct cr_save *s, const char *path);
