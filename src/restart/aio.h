// SPDX-License-Identifier: Apache-2.0
//
// Contexts of the kernel's asynchronous I/O. A context's id is the address of the ring that it
// shares with its process.
#pragma once

#include <stdint.h>

#include "common/image.h"

struct cr_err;

/* The ring of an AIO context, from its saved content, at a place. */
int cr_aio_make(const cairn_Vma *v, int content, uint64_t at, struct cr_err *err);
