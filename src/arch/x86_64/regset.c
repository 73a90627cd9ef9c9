// SPDX-License-Identifier: Apache-2.0
//
// From a signal frame to the register sets of a core file (NT_PRSTATUS, NT_FPREGSET,
// NT_X86_XSTATE). The frame is an image's, so its numbers may be anything. Hosted code.
#include "arch/x86_64/regset.h"

#include <string.h>
#include <ucontext.h>

/* Of struct sigcontext and what follows it in a ucontext. */
#define CONTEXT_REGISTERS 40
#define CONTEXT_FPSTATE (CONTEXT_REGISTERS + 23 * 8)
#define CONTEXT_MASK (CONTEXT_REGISTERS + 256)

/* Of the 48 bytes that the kernel leaves to software in an FXSAVE area (struct _fpx_sw_bytes). */
#define SOFTWARE 464
#define MAGIC 0x46505853u
#define XSAVE_HEADER 64u

/* What a debugger sees of a thread that waits in a call: it would be restarted (ERESTARTSYS). */
#define IN_CALL (-512l)
#define CALLS 1024

void cr_regset_general(const struct cr_frame_bytes *frame, const cairn_Thread *t,
		       struct cr_regset *out)
{
	struct user_regs_struct *r = &out->general;
	uint64_t g[23];
	uint16_t segments[4];

	memcpy(g, frame->context + CONTEXT_REGISTERS, sizeof(g));
	memcpy(segments, &g[REG_CSGSFS], sizeof(segments));
	memcpy(&out->fpstate, frame->context + CONTEXT_FPSTATE, sizeof(out->fpstate));
	memcpy(&out->mask, frame->context + CONTEXT_MASK, sizeof(out->mask));
	*r = (struct user_regs_struct){
		.r15 = g[REG_R15],
		.r14 = g[REG_R14],
		.r13 = g[REG_R13],
		.r12 = g[REG_R12],
		.rbp = g[REG_RBP],
		.rbx = g[REG_RBX],
		.r11 = g[REG_R11],
		.r10 = g[REG_R10],
		.r9 = g[REG_R9],
		.r8 = g[REG_R8],
		.rax = g[REG_RAX],
		.rcx = g[REG_RCX],
		.rdx = g[REG_RDX],
		.rsi = g[REG_RSI],
		.rdi = g[REG_RDI],
		.orig_rax = -1,
		.rip = g[REG_RIP],
		.cs = segments[0],
		.eflags = g[REG_EFL],
		.rsp = g[REG_RSP],
		.ss = segments[3],
		.fs_base = t->fs_base,
		.gs_base = t->gs_base,
	};
}

size_t cr_regset_xsave_size(const unsigned char *first)
{
	uint32_t magic, size;

	memcpy(&magic, first + SOFTWARE, sizeof(magic));
	memcpy(&size, first + SOFTWARE + 16, sizeof(size));
	return magic == MAGIC && size >= CR_FXSAVE_BYTES + XSAVE_HEADER && size <= CR_XSAVE_MAX ?
		       size :
		       0;
}

void cr_regset_state(struct cr_regset *r)
{
	uint64_t features;

	/* There the kernel puts what the machine can save, by which debuggers know the layout. */
	memcpy(&features, r->state + SOFTWARE + 8, sizeof(features));
	memset(r->state + SOFTWARE, 0, CR_FXSAVE_BYTES - SOFTWARE);
	if (r->xsave)
		memcpy(r->state + SOFTWARE, &features, sizeof(features));
}

bool cr_regset_undo(struct cr_regset *r, const unsigned char code[CR_CODE_BYTES])
{
	struct user_regs_struct *g = &r->general;

	if (!memcmp(code, (const void *)cr_partial, CR_CODE_BYTES))
		return true;
	/* The instruction leaves the address behind it in rcx: it has been there. */
	if (code[0] != 0x0f || code[1] != 0x05 || g->rcx != g->rip + 2 || g->rax >= CALLS)
		return false;
	g->orig_rax = g->rax;
	g->rax = IN_CALL;
	g->rip += 2;
	return false;
}

void cr_regset_undo_partial(struct cr_regset *r, const struct cr_partial_note *note)
{
	struct user_regs_struct *g = &r->general;

	g->orig_rax = g->rax;
	g->rax = IN_CALL;
	g->rip = g->rcx = note->pc;
	g->rsp += CR_PARTIAL_STACK;
	g->rdi = note->rdi;
	g->rsi = note->rsi;
	g->rdx = note->rdx;
	g->r10 = note->r10;
	g->r8 = note->r8;
}
