// SPDX-License-Identifier: Apache-2.0
//
// A blocking write that our signal has cut short goes on where it stopped, and the caller gets the
// whole count. The thread is sent through a few instructions here on its way back.
// Runs in: application threads, in place of their system call; keeps every register but those that
// a system call may change. Its notes lie on the thread's own stack, so calls may nest.
#include "arch/x86_64/partial.h"

#define REDZONE 128

/* Entered at its first instruction with the rest of the call's arguments in place. */
void __attribute__((naked, used)) cr_partial(void)
{
	/* For debuggers: the caller is the note's. */
	__asm__(".cfi_def_cfa %rsp, 160\n\t"
		".cfi_offset %rip, -160\n\t"
		"syscall\n\t"
		"test %rax, %rax\n\t"
		"js 1f\n\t"
		"add %rax, 8(%rsp)\n"
		"1:\n\t"
		"mov 8(%rsp), %rax\n\t"
		"mov 16(%rsp), %rsi\n\t"
		"mov 24(%rsp), %rdx\n\t"
		"mov (%rsp), %rcx\n\t"
		"lea 160(%rsp), %rsp\n\t" /* CR_PARTIAL_STACK */
		"jmp *%rcx");
}

_Static_assert(REDZONE + sizeof(struct cr_partial_note) == CR_PARTIAL_STACK,
	       "cr_partial adds this to the stack pointer");

void cr_frame_go_on(ucontext_t *uc, long nr)
{
	greg_t *g = uc->uc_mcontext.gregs;
	uint64_t n = g[REG_RAX];
	struct cr_partial_note *note;

	if ((uint64_t)g[REG_RIP] == (uint64_t)cr_partial + 2) {
		/* Cut short a second time. */
		note = (void *)g[REG_RSP];
		note->done += n;
	} else {
		note = (void *)(g[REG_RSP] - REDZONE - sizeof(*note));
		*note = (struct cr_partial_note){ g[REG_RIP], n, g[REG_RSI], g[REG_RDX] };
		g[REG_RSP] = (greg_t)note;
	}
	g[REG_RSI] += n;
	g[REG_RDX] -= n;
	g[REG_RAX] = nr;
	g[REG_RIP] = (greg_t)cr_partial;
}
