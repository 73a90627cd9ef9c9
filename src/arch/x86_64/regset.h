// SPDX-License-Identifier: Apache-2.0
//
// A saved thread's registers as a core file and a debugger know them, from its signal frame.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "arch/x86_64/partial.h"
#include "image.pb.h"

#define CR_FXSAVE_BYTES 512u /* what every frame has of the floating point state */
#define CR_XSAVE_MAX 16384u /* more than AMX takes */
#define CR_FRAME_BYTES 304u /* of a ucontext, as the kernel writes it */
#define CR_CODE_BYTES 32u /* that tell what a thread is about to do */

/* What is read of a frame before its size is known. */
struct cr_frame_bytes {
	unsigned char context[CR_FRAME_BYTES];
};

struct cr_regset {
	struct user_regs_struct general;
	uint64_t mask; /* signals blocked */
	uint64_t fpstate; /* address of the floating point state in the frame, 0: none */
	size_t xsave; /* bytes of it that are an XSAVE area; 0: only the first CR_FXSAVE_BYTES */
	unsigned char state[CR_XSAVE_MAX]; /* as NT_X86_XSTATE has it */
};

/* General registers and the mask; where the rest is. */
void cr_regset_general(const struct cr_frame_bytes *frame, const cairn_Thread *t,
		       struct cr_regset *out);

/*
 * How long the frame says its floating point state is: the size of the XSAVE area, or 0 if there
 * is none. first has CR_FXSAVE_BYTES.
 */
size_t cr_regset_xsave_size(const unsigned char *first);

/* The first CR_FXSAVE_BYTES of state, as in a frame, made those of a core file. */
void cr_regset_state(struct cr_regset *r);

/*
 * The agent makes an interrupted call stand before itself again, or sends the thread through code
 * of its own. This gives back how it was: in the call. code is what lies at the program counter.
 * True if the registers are to be completed by what then lies at the stack pointer.
 */
bool cr_regset_undo(struct cr_regset *r, const unsigned char code[CR_CODE_BYTES]);
void cr_regset_undo_partial(struct cr_regset *r, const struct cr_partial_note *note);
