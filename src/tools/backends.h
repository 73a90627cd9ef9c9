// SPDX-License-Identifier: Apache-2.0
//
// The backends that jobs of these programs can have.
#pragma once

#include "shepherd/backend.h"

/* The row of a name, or NULL; of a kind; and the list of all, ending with one without a name. */
const struct cr_backend *cr_backend_named(const char *name);
const struct cr_backend *cr_backend_of(enum cr_backend_kind kind);
extern const struct cr_backend cr_backends[];
