// SPDX-License-Identifier: Apache-2.0
//
// Whether a job would lose more than it should if it failed now: its checkpoints fail, or none has
// come for longer than its interval allows. In a cluster the coordinator says so
// (coordinator/protection.c), who knows of copies as well. Without an interval only failures count:
// nobody has said how much may be lost.
#include "shepherd/safety.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/defs.h"
#include "shepherd/interval.h"
#include "shepherd/shepherd.h"

#define FAILURES 3
#define INTERVALS 3
#define GRACE_S 5

void cr_safety_failed(struct cr_shepherd *sh)
{
	sh->failures++;
}

void cr_safety_committed(struct cr_shepherd *sh)
{
	sh->failures = 0;
	sh->safe_ns = cr_now_ns(CLOCK_BOOTTIME);
}

void cr_unprotected(const struct cr_shepherd *sh, char *out, size_t size)
{
	double interval = cr_interval(sh), most = INTERVALS * interval + GRACE_S;
	double age = (cr_now_ns(CLOCK_BOOTTIME) - sh->safe_ns) / 1e9 - sh->last_wall_ns / 1e9;

	*out = 0;
	if (sh->cluster.active || sh->ended)
		return;
	if (sh->failures >= FAILURES)
		snprintf(out, size, "the last %u checkpoints failed: %.200s", sh->failures,
			 sh->last_error);
	else if (interval > 0 && sh->safe_ns && age > most)
		snprintf(out, size, "no checkpoint for %.0f s, and one is due every %g s", age,
			 interval);
}
