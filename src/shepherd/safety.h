// SPDX-License-Identifier: Apache-2.0
//
// Whether a job of this host alone would lose more than it should; see safety.c.
#pragma once

#include <stddef.h>

struct cr_shepherd;

/* A checkpoint has failed, or was committed. */
void cr_safety_failed(struct cr_shepherd *sh);
void cr_safety_committed(struct cr_shepherd *sh);
/* Why more would be lost if it failed now, in words; "": it is as protected as was asked for. */
void cr_unprotected(const struct cr_shepherd *sh, char *out, size_t size);
