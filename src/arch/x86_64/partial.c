// SPDX-License-Identifier: Apache-2.0
//
// A call that our signal has cut short goes on where it stopped, and the caller gets the whole
// count; one that is made again waits for the rest of its time only. The thread is sent through a
// few instructions here on its way back.
// Runs in: application threads, in place of their system call; keeps every register but those that
// a system call may change. Its notes lie on the thread's own stack, so calls may nest.
#include "arch/x86_64/partial.h"

#include <stddef.h>

#define REDZONE 128

/* Entered at its first instruction with the rest of the call's arguments in place. */
void __attribute__((naked, used)) cr_partial(void)
{
	/* For debuggers: the caller is the note's. */
	__asm__(".cfi_def_cfa %rsp, 232\n\t"
		".cfi_offset %rip, -232\n"
		"0:\n\t"
		"syscall\n\t"
		"test %rax, %rax\n\t"
		"js 1f\n\t"
		"add %rax, 8(%rsp)\n\t"
		/* The next buffer, if there is one and this one is through. */
		"cmpq $0, 64(%rsp)\n\t"
		"je 1f\n\t"
		"cmp %rdx, %rax\n\t"
		"jne 1f\n\t"
		"mov 56(%rsp), %rcx\n\t"
		"mov (%rcx), %rsi\n\t"
		"mov 8(%rcx), %rdx\n\t"
		"addq $16, 56(%rsp)\n\t"
		"decq 64(%rsp)\n\t"
		"mov 72(%rsp), %rax\n\t"
		"jmp 0b\n"
		"1:\n\t"
		"cmpq $0, 8(%rsp)\n\t"
		"cmovne 8(%rsp), %rax\n\t"
		"mov 16(%rsp), %rdi\n\t"
		"mov 24(%rsp), %rsi\n\t"
		"mov 32(%rsp), %rdx\n\t"
		"mov 40(%rsp), %r10\n\t"
		"mov 48(%rsp), %r8\n\t"
		"mov (%rsp), %rcx\n\t"
		"lea 232(%rsp), %rsp\n\t" /* CR_PARTIAL_STACK */
		"jmp *%rcx");
}

_Static_assert(REDZONE + sizeof(struct cr_partial_note) == CR_PARTIAL_STACK,
	       "cr_partial adds this to the stack pointer");
_Static_assert(offsetof(struct cr_partial_note, done) == 8 &&
		       offsetof(struct cr_partial_note, rdi) == 16 &&
		       offsetof(struct cr_partial_note, vector) == 56 &&
		       offsetof(struct cr_partial_note, nr) == 72,
	       "cr_partial has these as numbers");

static struct cr_partial_note *note_at(const ucontext_t *uc, unsigned int offset)
{
	const greg_t *g = uc->uc_mcontext.gregs;

	return g[REG_RIP] == (greg_t)cr_partial + offset ? (void *)g[REG_RSP] : NULL;
}

struct cr_partial_note *cr_partial_before(const ucontext_t *uc)
{
	return note_at(uc, 0);
}

struct cr_partial_note *cr_partial_behind(const ucontext_t *uc)
{
	return note_at(uc, 2);
}

struct cr_partial_note *cr_partial_enter(ucontext_t *uc, long nr)
{
	greg_t *g = uc->uc_mcontext.gregs;
	struct cr_partial_note *note = cr_partial_behind(uc);

	if (!note) {
		note = (void *)(g[REG_RSP] - REDZONE - sizeof(*note));
		*note = (struct cr_partial_note){
			.pc = g[REG_RIP],
			.rdi = g[REG_RDI],
			.rsi = g[REG_RSI],
			.rdx = g[REG_RDX],
			.r10 = g[REG_R10],
			.r8 = g[REG_R8],
			.nr = nr,
		};
		g[REG_RSP] = (greg_t)note;
	}
	g[REG_RAX] = nr;
	g[REG_RIP] = (greg_t)cr_partial;
	return note;
}

void cr_partial_leave(ucontext_t *uc, int64_t result)
{
	greg_t *g = uc->uc_mcontext.gregs;
	const struct cr_partial_note *note = (void *)g[REG_RSP];

	g[REG_RAX] = result;
	g[REG_RIP] = note->pc;
	g[REG_RDI] = note->rdi;
	g[REG_RSI] = note->rsi;
	g[REG_RDX] = note->rdx;
	g[REG_R10] = note->r10;
	g[REG_R8] = note->r8;
	g[REG_RSP] += CR_PARTIAL_STACK;
}
