// SPDX-License-Identifier: Apache-2.0
//
// Calls that take or give ids of processes, threads, groups and sessions.
#pragma once

#include <time.h>

/* A clock of a process or thread, as the kernel knows it. */
clockid_t agent_clock_real(clockid_t clock);
