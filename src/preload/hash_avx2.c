// SPDX-License-Identifier: Apache-2.0
//
// XXH3 with 32-byte vectors, three times as fast. Runs in: the writer, where the CPU has them.
#pragma GCC optimize("O3")
#pragma GCC target("avx2")
#define XXH_VECTOR 2 /* XXH_AVX2 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "preload/hash_avx2.h"

uint64_t agent_hash_avx2(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}
