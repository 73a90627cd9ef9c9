// SPDX-License-Identifier: Apache-2.0
//
// Protection keys of memory, and the register of each thread that says what it may do with which.
// In a signal handler the kernel has it say: nothing but with key 0.
#pragma once

#include <cpuid.h>
#include <stdint.h>

#define CR_KEYS 16

/* From here on this thread may do everything that the memory's own protection allows. */
static inline void cr_keys_ignore(void)
{
	unsigned int a, b, c, d;

	/* OSPKE: the kernel has switched them on. */
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && c >> 4 & 1)
		__asm__ volatile("wrpkru" ::"a"(0), "c"(0), "d"(0) : "memory");
}
