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
