// SPDX-License-Identifier: Apache-2.0
//
// Going on with a system call that our signal has ended early: the thread makes the rest of it, or
// makes it again, in a few instructions of ours, and comes back to its own code with the registers
// that it had.
#pragma once

#include <stdint.h>
#include <time.h>
#include <ucontext.h>

/* On the thread's own stack, so calls may nest. */
struct cr_partial_note {
	uint64_t pc; /* where the application goes on */
	uint64_t done; /* the sum so far */
	uint64_t rdi, rsi, rdx, r10, r8; /* as they were */
	uint64_t vector, left; /* buffers (struct iovec) after this one, how many */
	uint64_t nr;
	int64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
	struct timespec rest; /* until then */
};

/* From there to the stack pointer that the application had. */
#define CR_PARTIAL_STACK 232

/* Where such a thread stands, with its note at its stack pointer. Never called. */
void cr_partial(void);

/* The note of a thread that stands before the call there, or behind it, else NULL. */
struct cr_partial_note *cr_partial_before(const ucontext_t *uc);
struct cr_partial_note *cr_partial_behind(const ucontext_t *uc);

/*
 * The frame stands behind call nr: makes the thread stand before it, here, with the same arguments.
 * The result will be what is done by then, or the call's own if that is nothing.
 */
struct cr_partial_note *cr_partial_enter(ucontext_t *uc, long nr);

/* Back in the application's code, with this result. */
void cr_partial_leave(ucontext_t *uc, int64_t result);
