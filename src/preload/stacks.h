// SPDX-License-Identifier: Apache-2.0
//
// Alternate signal stacks, which the kernel shows to nobody but their threads.
#pragma once

#include <stdbool.h>

long agent_sigaltstack(long new, long old);
/* Whether to call a thread would be its end. */
bool agent_stack_is_bad(int tid);
