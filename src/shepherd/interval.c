// SPDX-License-Identifier: Apache-2.0
//
// See interval.h. With -i auto it follows from what the last checkpoint cost, and --mtbf.
#include "shepherd/interval.h"

#include <stdio.h>

#include "common/pace.h"
#include "shepherd/shepherd.h"

static bool is_auto(const struct cr_shepherd *sh)
{
	return sh->options.job.policy.interval == CR_PACE_AUTO;
}

/* An image of before has none, and what it has may be anything. */
static double mtbf(const struct cr_shepherd *sh)
{
	return sh->options.job.mtbf > 0 ? sh->options.job.mtbf : CR_PACE_MTBF_S;
}

static double interval_cost(const struct cr_shepherd *sh)
{
	return cr_pace_cost(sh->last_stall_ns / 1e9, sh->last_wall_ns / 1e9);
}

double cr_interval(const struct cr_shepherd *sh)
{
	if (!is_auto(sh))
		return sh->options.job.policy.interval;
	if (!sh->last_wall_ns)
		return CR_PACE_FIRST_S;
	return cr_pace_interval(interval_cost(sh), sh->last_wall_ns / 1e9, mtbf(sh));
}

void cr_interval_why(const struct cr_shepherd *sh, char *out, size_t size)
{
	char text[CR_PACE_TEXT] = "";

	if (is_auto(sh) && !sh->cluster.active)
		cr_pace_text(cr_interval(sh), interval_cost(sh), mtbf(sh),
			     "prior", text);
	snprintf(out, size, "%s", text);
}
