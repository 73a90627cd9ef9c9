// SPDX-License-Identifier: Apache-2.0
//
// A saved thread's stack, from the innermost frame outwards.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cr_memory;
struct cr_modules;

struct cr_err;
struct cr_regset;

struct cr_frame_at {
	uint64_t pc;
	bool exact; /* the next instruction is there; else a call stands before it */
	bool signal; /* what the kernel has put there to return from a handler */
};

struct cr_unwinder;

int cr_unwinder_open(struct cr_unwinder **out, struct cr_memory *m, struct cr_modules *ms,
		     struct cr_err *err);
void cr_unwinder_close(struct cr_unwinder *u);

/*
 * Tells each frame. At most CR_FRAMES_MAX, or what is reasonable to read for all threads of a
 * process: false if there would be more.
 */
#define CR_FRAMES_MAX 65536
bool cr_unwind(struct cr_unwinder *u, const struct cr_regset *r,
	       void (*frame)(void *arg, const struct cr_frame_at *f), void *arg);
