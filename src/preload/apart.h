// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that no other thread can meet.
#pragma once

#include <stdbool.h>

/* This is the only thread, and nobody else has this memory. */
bool agent_alone(void);
/*
 * Calls fn(arg) in a thread of its own, on the stack that ends at top, with a table of descriptors
 * that is empty and nobody else's, and no signals. False if that cannot be: nothing has been called
 * then.
 */
bool agent_apart(void (*fn)(void *), void *arg, void *top);
/* Whether a thread of this process is one of these. */
bool agent_is_apart(int tid);
/* Whether there is one besides the caller, or one is being born. */
bool agent_others_apart(void);
/* In a forked child: those of its parent. */
void agent_apart_forget(int pid);
