// SPDX-License-Identifier: Apache-2.0
//
// Raw system calls: for code that may not touch errno, libc's locks or cancellation (the agent in a
// signal handler, its writer, the restorer). Each returns the kernel's value, -errno on failure.
#pragma once

#include <stdint.h>
#include <sys/syscall.h>

static inline __attribute__((always_inline)) long cr_syscall6(long nr, long a, long b, long c,
							      long d, long e, long f)
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

#define CR_SC_ARG(x) ((long)(x))
#define cr_sys0(nr) cr_syscall6(nr, 0, 0, 0, 0, 0, 0)
#define cr_sys1(nr, a) cr_syscall6(nr, CR_SC_ARG(a), 0, 0, 0, 0, 0)
#define cr_sys2(nr, a, b) cr_syscall6(nr, CR_SC_ARG(a), CR_SC_ARG(b), 0, 0, 0, 0)
#define cr_sys3(nr, a, b, c) cr_syscall6(nr, CR_SC_ARG(a), CR_SC_ARG(b), CR_SC_ARG(c), 0, 0, 0)
#define cr_sys4(nr, a, b, c, d) \
	cr_syscall6(nr, CR_SC_ARG(a), CR_SC_ARG(b), CR_SC_ARG(c), CR_SC_ARG(d), 0, 0)
#define cr_sys5(nr, a, b, c, d, e) \
	cr_syscall6(nr, CR_SC_ARG(a), CR_SC_ARG(b), CR_SC_ARG(c), CR_SC_ARG(d), CR_SC_ARG(e), 0)
#define cr_sys6(nr, a, b, c, d, e, f)                                                         \
	cr_syscall6(nr, CR_SC_ARG(a), CR_SC_ARG(b), CR_SC_ARG(c), CR_SC_ARG(d), CR_SC_ARG(e), \
		    CR_SC_ARG(f))

/* read(2); *here is the place behind the call, as the program itself has it. */
static inline __attribute__((always_inline)) long cr_read_here(long fd, void *to, long len,
							       uint64_t *here)
{
	long ret;

	__asm__ volatile("lea 1f(%%rip), %1\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(ret), "=&r"(*here)
			 : "a"(SYS_read), "D"(fd), "S"(to), "d"(len)
			 : "rcx", "r11", "memory");
	return ret;
}
