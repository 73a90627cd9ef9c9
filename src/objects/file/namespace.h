// SPDX-License-Identifier: Apache-2.0
//
// Namespaces that the job is in.
#pragma once

#include "objects/core/object.h"

/* The path of one that the job is in; false for any other, and for what is none. */
bool cr_namespace_path(const struct cr_save *s, const struct cr_fd_view *v, char *path,
		       size_t size);
/* Opens what such a path was noted for, with the flags of the description. */
int cr_namespace_open(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);
/* The namespace that was made for a saved one with a host name of its own; -1: it is no such. */
int cr_hostname_fd(const struct cr_restore *r, uint64_t uts);
/* In a process of the restart. */
int cr_hostname_enter(const struct cr_restore *r, const cairn_Process *p, struct cr_err *err);
