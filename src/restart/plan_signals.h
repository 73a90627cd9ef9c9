// SPDX-License-Identifier: Apache-2.0
//
// Handlers, timers and what waits.
#pragma once

#include <stdint.h>

struct plan;

void cr_plan_signals(struct plan *n);
void cr_plan_stopped_children(struct plan *n);
void cr_plan_timers(struct plan *n);
void cr_plan_start_timers(struct plan *n);
/*
 * The signals that wait for the process (tid 0) or for a thread, before anyone may send others. A
 * timer sends its own, with its count of overruns.
 */
void cr_plan_pending(struct plan *n, int32_t tid);
