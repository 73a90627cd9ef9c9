// SPDX-License-Identifier: Apache-2.0
//
// XXH3 as any x86-64 CPU can do it.
#pragma once

#include <stddef.h>
#include <stdint.h>

/* To be asked once; then one of the two. Same result from both. */
int agent_hash_has_avx2(void);
uint64_t agent_hash_sse2(const void *data, size_t len);
