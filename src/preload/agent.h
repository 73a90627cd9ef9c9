// SPDX-License-Identifier: Apache-2.0
//
// The agent's entry points: the constructor, and the handler of the signal that wakes it.
#pragma once

#include <ucontext.h>

struct cr_wake;

void agent_lead(ucontext_t *uc, const struct cr_wake *wake);
