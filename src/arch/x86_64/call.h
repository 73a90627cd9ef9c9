// SPDX-License-Identifier: Apache-2.0
//
// Running a function on another stack, in this thread or in a raw clone, and leaving for a signal
// frame. Machine code only; no libc.
#pragma once

#include "arch/x86_64/syscall.h"

/* Calls fn(arg) with the stack pointer at top (16-byte aligned), then comes back. */
static inline void cr_call_on_stack(void *top, void (*fn)(void *), void *arg)
{
	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "mov %[top], %%rsp\n\t"
			 "call *%[fn]\n\t"
			 "mov %%rbx, %%rsp"
			 : "+D"(arg)
			 : [top] "r"(top), [fn] "r"(fn)
			 : "rbx", "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory",
			   "cc");
}

/*
 * clone(flags) whose child calls fn(arg) on the stack ending at top and then exits (the thread
 * only). *tid is for CLONE_PARENT_SETTID. Returns the child's id or -errno.
 */
static inline long cr_clone_thread(unsigned long flags, void *top, void (*fn)(void *), void *arg,
				   void *tid)
{
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	register void (*r12)(void *) __asm__("r12") = fn;
	register void *r13 __asm__("r13") = arg;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %[exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone), "D"(flags), "S"(top), "d"(tid), "r"(r10), "r"(r8),
			   "r"(r12), "r"(r13), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

static inline long cr_clone_call(unsigned long flags, void *top, void (*fn)(void *), void *arg)
{
	return cr_clone_thread(flags, top, fn, arg, 0);
}

/* The same by clone3(2): args with stack and stack_size set. */
static inline long cr_clone3_call(void *args, unsigned long size, void (*fn)(void *), void *arg)
{
	register void (*r12)(void *) __asm__("r12") = fn;
	register void *r13 __asm__("r13") = arg;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %[exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(args), "S"(size), "r"(r12),
			   "r"(r13), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

/* Resumes the context of a signal frame: does not return. */
static inline __attribute__((noreturn)) void cr_sigreturn(void *ucontext)
{
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "mov %1, %%eax\n\t"
			 "syscall\n\t"
			 "hlt"
			 :
			 : "r"(ucontext), "i"(SYS_rt_sigreturn)
			 : "memory");
	__builtin_unreachable();
}
