// SPDX-License-Identifier: Apache-2.0
//
// What include/cairn/cairn.h offers to applications.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Cairn.h. */
bool agent_in_section(void);
/* This thread's signal to itself, since its section has ended for which a checkpoint waits. */
bool agent_section_over(void);
/* In a forked child: what its parent was asking. */
void agent_api_forget(int pid);
/* Around a fork: no connection is open, and no handler runs. */
bool agent_api_hold(uint64_t *mask);
void agent_api_let_go(const uint64_t *mask);
