// SPDX-License-Identifier: Apache-2.0
//
// All kinds of objects: for cr_save.kinds and cr_restore.kinds.
#pragma once

struct cr_object;

extern const struct cr_object *const cr_kinds[]; /* ends with NULL */
