// SPDX-License-Identifier: Apache-2.0
//
// What signals tell of their senders.
#pragma once

#include <signal.h>
#include <stdint.h>

void agent_siginfo_virtual(siginfo_t *info);
void agent_siginfo_real(siginfo_t *info);
/* Of a signal that was waited for since a moment in that life. */
void agent_siginfo_since(unsigned int life, siginfo_t *info);
/* sigaction(2) with a handler that sees translated ids. */
int agent_sigaction(int sig, const struct sigaction *act, struct sigaction *old);
/* The application's handlers of a restored process see translated ids from now on. */
void agent_catch_handlers(void);
/* A handler as the application has set it. */
uint64_t agent_handler_of(int sig, uint64_t handler);
