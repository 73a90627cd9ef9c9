// SPDX-License-Identifier: Apache-2.0
//
// The notes of a core file: everything in it but memory.
#pragma once

#include <stdio.h>

struct cr_memory;

struct cr_err;
struct cr_image;
struct cr_process_image;

int cr_core_notes(FILE *out, const struct cr_image *img, const struct cr_process_image *p,
		  struct cr_memory *m, struct cr_err *err);
