// SPDX-License-Identifier: Apache-2.0
//
// The shapes of all kinds.
#pragma once

#include "objects/shape/shape.h"

/* NULL: there is no such kind. */
const struct cr_shape *cr_shape_of(cairn_ObjectKind kind);
/* The one that a link in /proc/PID/fd tells, or NULL. */
const struct cr_shape *cr_shape_linked(const char *link);

void cr_describe(const struct cr_model *m, const cairn_Description *d, char out[CR_DESCRIBE_MAX]);

/* The name of its kind, one word. */
const char *cr_kind_name(const cairn_Description *d);

/* "r", "w", "rw", "path": how it was opened. */
const char *cr_access_name(const cairn_Description *d);
