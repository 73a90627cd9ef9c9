// SPDX-License-Identifier: Apache-2.0
//
// What the kernel tells of a descriptor in /proc, and what has no name but what it tells.
#pragma once

#include "objects/core/object.h"

/* The text about a duplicate, malloced; the number behind a key, false if there is no such key. */
int cr_fdinfo(int fd, char **text);
bool cr_fdinfo_number(const char *text, const char *key, int base, uint64_t *out);
int cr_fdinfo_fail(const struct cr_fd_view *v, const char *what, struct cr_err *err);
/* What restore() of an object without a name returns: fd with its flags, or the failure. */
int cr_restored_anon(int fd, const cairn_Description *d, const char *what, struct cr_err *err);
