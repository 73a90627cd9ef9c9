// SPDX-License-Identifier: Apache-2.0
//
// Stopping the threads of a process and letting them go on as if nothing had been.
#pragma once

#include <stdatomic.h>
#include <ucontext.h>

#include "agent.pb.h"

struct agent_thread;

void agent_futex_wait(_Atomic unsigned int *word, unsigned int value, int64_t ns);
void agent_futex_wake(_Atomic unsigned int *word);
void agent_park(ucontext_t *uc);
/* No checkpoint begins between these, so what is known of the threads stays. */
void agent_enter_table(void);
void agent_leave_table(void);
int agent_stop_threads(cairn_Failure *failure);
void agent_resume_threads(void);
void agent_take_record(struct agent_thread *t);

/* Rseq(2), noted. */
long agent_rseq(long area, long len, long flags, long signature);
