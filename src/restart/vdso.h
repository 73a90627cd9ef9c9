// SPDX-License-Identifier: Apache-2.0
//
// The vdso: code of the kernel whose addresses libc keeps.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/image.h"

struct cr_err;
struct cr_process_image;
struct cr_restart;

/* Whether the saved vdso is the live one, byte for byte. */
int cr_vdso_read(struct cr_restart *r, const struct cr_process_image *p, const cairn_Vma *v,
		 void **saved, struct cr_err *err);
unsigned int cr_vdso_patch(void *saved, size_t len, const void *live, size_t live_len,
			   uint64_t live_at);
