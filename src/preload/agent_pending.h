// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait to be delivered.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Signals that wait for this thread or the process. */
uint64_t agent_waiting(void);
/* Notes those of this thread. */
void agent_take_pending(void);
unsigned int agent_pending_count(void);
/* There are more than can be noted. */
bool agent_pending_full(void);
/* Tells the shepherd those that were noted, from one on. */
int agent_send_pending(unsigned int i);
/* Notes and tells those of the process, and of the leading thread if that is the main one. */
int agent_tell_pending(void);
uint64_t agent_status_mask(int tid, const char *key);
