// SPDX-License-Identifier: Apache-2.0
//
// The value of LD_PRELOAD by which a program is given the agent. AddressSanitizer's runtime refuses
// to work unless it is the first library of all; so for a program that is linked to it, it is put
// there. Hosted code, and the agent: between vfork and exec, without allocation.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CR_RUNTIME_NAME_MAX 64

/*
 * The name of the runtime that a program must have first, as its dynamic section has it, or "";
 * of a script, its interpreter's. dir, path and flags are execveat's. What cannot be read needs
 * none.
 */
void cr_preload_first(int dir, const char *path, int flags, char name[CR_RUNTIME_NAME_MAX]);

/*
 * Writes the list into out: the agent at own, and what the given list (NULL for none) has besides,
 * behind the agent if that is not in it yet. A runtime is set off by an empty entry, which the
 * dynamic linker skips, and is not kept for the next program: what the list itself has stays, moved
 * to the front. Needs at most the lengths of all three and 4 bytes.
 */
void cr_preload_list(char *out, const char *own, const char *given, const char *first);
