// SPDX-License-Identifier: Apache-2.0
//
// Where libc keeps the restartable-sequences area of a thread (glibc 2.35 on; <sys/rseq.h> there
// would bring more than is wanted). Weak: an older libc has none.
#pragma once

#include <stddef.h>

extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

/* What libc registers an area with. */
#define CR_RSEQ_SIGNATURE 0x53053053
#define CR_RSEQ_SIZE 32u
#define RSEQ_UNREGISTER 1
