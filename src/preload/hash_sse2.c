// SPDX-License-Identifier: Apache-2.0
//
// XXH3 as any x86-64 CPU can do it. Runs in: the writer.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cpuid.h>

#include "preload/hash_sse2.h"

int agent_hash_has_avx2(void)
{
	unsigned int a, b, c, d, low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1))
		return 0;
	/* The kernel must save the upper halves too. */
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 5 & 1;
}

uint64_t agent_hash_sse2(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}
