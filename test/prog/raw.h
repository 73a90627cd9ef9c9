/* SPDX-License-Identifier: Apache-2.0 */
/* System calls by the instruction itself, in its caller, as a program has it without libc. */
#ifndef TEST_RAW_H
#define TEST_RAW_H

static inline __attribute__((always_inline)) long raw(long nr, long a, long b, long c, long d,
						      long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#endif
