// SPDX-License-Identifier: Apache-2.0
//
// Protection keys of a process's memory.
#pragma once

#include "common/image.h"

struct cr_process_image;

/* Before memory is made: those that it shall not get by chance are taken. */
void cr_keys_take(const struct cr_process_image *p);

/* Whether the process itself has given the mapping its key, not the kernel. */
bool cr_keys_given(const struct cr_process_image *p, const cairn_Vma *v);
