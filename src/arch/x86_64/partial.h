// SPDX-License-Identifier: Apache-2.0
//
// Going on with a system call that transferred only part of what it was asked to.
#pragma once

#include <stdint.h>
#include <ucontext.h>

/*
 * The frame stands behind call nr (fd, buffer, length, ...) with a count in rax: makes the thread
 * transfer the rest, and return the sum, or what was done if the rest fails.
 */
void cr_frame_go_on(ucontext_t *uc, long nr);

/* Where such a thread stands, with a note of this form at its stack pointer. Never called. */
void cr_partial(void);

struct cr_partial_note {
	uint64_t pc, done, rsi, rdx;
};

/* From there to the stack pointer that the application had. */
#define CR_PARTIAL_STACK 160
