// SPDX-License-Identifier: Apache-2.0
//
// Which system call a program counter stands behind, by the code before it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Its number, or -1: the number has to be a constant that is put into eax a few instructions
 * before, as in libc and in most programs' own code. readable() says whether eight bytes are.
 */
long cr_decode_call(uint64_t pc, bool (*readable)(const void *at));
