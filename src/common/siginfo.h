// SPDX-License-Identifier: Apache-2.0
//
// What a waiting signal's record says, and whether that is who sent it.
#ifndef CR_SIGINFO_H
#define CR_SIGINFO_H

#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "image.pb.h"

/* All of it that the record has; a record without a number has nothing. */
static inline siginfo_t cr_pending_info(const cairn_PendingSignal *s)
{
	siginfo_t info = { 0 };

	if (s->info.size >= sizeof(info.si_signo))
		memcpy(&info, s->info.bytes,
		       s->info.size < sizeof(info) ? s->info.size : sizeof(info));
	return info;
}

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
