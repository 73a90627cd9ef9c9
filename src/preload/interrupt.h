// SPDX-License-Identifier: Apache-2.0
//
// System calls that the agent's signal has ended: as if nothing had been.
#pragma once

#include <stdbool.h>
#include <time.h>
#include <ucontext.h>

struct agent_thread;

/* The end of a call that came of our signal alone is undone. */
void agent_hide_interruption(struct agent_thread *t);
/* The very last before a thread goes on: t is its own copy, as others may use the table again. */
void agent_settle(struct agent_thread *t);
/* Our signal has come for nothing: what it has interrupted goes on. */
void agent_pass_over(ucontext_t *uc);
/* The relative timeout that a call has: of libc's functions and of syscall(2). */
bool agent_timeout(long nr, const long args[6], struct timespec *out);
