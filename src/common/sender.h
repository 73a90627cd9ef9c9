// SPDX-License-Identifier: Apache-2.0
//
// Which signals tell the id of who sent them.
#ifndef CR_SENDER_H
#define CR_SENDER_H

#include <signal.h>
#include <stdbool.h>

/* Whether si_pid is there. */
static inline bool cr_has_sender(const siginfo_t *info)
{
	switch (info->si_code) {
	case SI_USER:
	case SI_QUEUE:
	case SI_TKILL:
	case SI_MESGQ:
		return true;
	case SI_TIMER:
	case SI_KERNEL:
	case SI_ASYNCIO:
	case SI_SIGIO:
		return false;
	default:
		return info->si_signo == SIGCHLD || info->si_code < -7;
	}
}

#endif
