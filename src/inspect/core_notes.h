// SPDX-License-Identifier: Apache-2.0
//
// The notes of a core file: everything in it but memory.
#pragma once

#include <stdio.h>

#include "inspect/memory.h"

int cr_core_notes(FILE *out, const struct cr_image *img, const struct cr_process_image *p,
		  struct cr_memory *m, struct cr_err *err);
