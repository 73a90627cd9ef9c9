// SPDX-License-Identifier: Apache-2.0
//
// Signal calls of the application.
#pragma once

#include <signal.h>
#include <stdbool.h>

long agent_syscall_timed(long nr, long a0, long a1, long a2, long a3, long a4, long a5);

/* Rt_sigaction(2), if it is about the agent's signal; else 1. */
long agent_rt_sigaction(long sig, long act, long old, long size);

/* The application's own action for the agent's signal. */
bool agent_application_signal(int sig, siginfo_t *info, void *uc);
