// SPDX-License-Identifier: Apache-2.0
//
// Clocks of a job that was restarted without a time namespace.
#pragma once

#include <stdbool.h>
#include <time.h>

int agent_clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
			  struct timespec *rest);

/* Whether a futex(2) operation has an absolute monotonic time; that by the kernel's clock. */
bool agent_futex_is_absolute(int op);
void agent_futex_time(int op, const struct timespec *t, struct timespec *copy, const void **out);
