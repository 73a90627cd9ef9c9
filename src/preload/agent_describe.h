// SPDX-License-Identifier: Apache-2.0
//
// What only the process itself can tell: signal actions, timers, threads, descriptors.
#pragma once

struct agent_thread;

void agent_take_restrictions(struct agent_thread *t);
int agent_describe(void);
int agent_send_descriptors(void);
