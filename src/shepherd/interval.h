// SPDX-License-Identifier: Apache-2.0
//
// How much time is between two checkpoints that nobody asks for.
#pragma once

#include <stddef.h>

struct cr_shepherd;

/* Seconds, 0: there are none. */
double cr_interval(const struct cr_shepherd *sh);
/* Why it is so much, of -i auto; else "". */
void cr_interval_why(const struct cr_shepherd *sh, char *out, size_t size);
