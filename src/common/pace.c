// SPDX-License-Identifier: Apache-2.0
//
// See pace.h. J. W. Young, "A first order approximation to the optimum checkpoint interval", 1974;
// J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", 2006.
#include "common/pace.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "common/defs.h"

/* Of the time in which an image is written and copied beside the job, which then runs slower. */
#define BESIDE 0.1

double cr_pace_cost(double stall_s, double wall_s)
{
	return stall_s + (wall_s > stall_s ? (wall_s - stall_s) * BESIDE : 0);
}

double cr_pace_interval(double cost_s, double wall_s, double mtbf_s)
{
	double part = cost_s / (2 * mtbf_s), best = mtbf_s;
	double least = 2 * wall_s > CR_PACE_LEAST_S ? 2 * wall_s : CR_PACE_LEAST_S;

	if (part < 1)
		best = sqrt(2 * cost_s * mtbf_s) * (1 + sqrt(part) / 3 + part / 9) - cost_s;
	if (best > CR_PACE_MOST_S)
		best = CR_PACE_MOST_S;
	return best > least ? best : least;
}

static const char *pace_time(double s, char out[24])
{
	static const struct {
		double s;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" }, { 0.001, "ms" } };
	size_t i = 0;

	while (i + 1 < CR_ARRAY_SIZE(units) && s < 2 * units[i].s && s != units[i].s)
		i++;
	/* Below two seconds a second has a part. */
	if (s >= 0.1 && s < 2)
		i = 3;
	snprintf(out, 24, s / units[i].s < 10 ? "%.2g %s" : "%.0f %s", s / units[i].s,
		 units[i].unit);
	return out;
}

void cr_pace_text(double interval_s, double cost_s, double mtbf_s, const char *known_from,
		  char out[CR_PACE_TEXT])
{
	char cost[24], mtbf[24];

	if (cost_s <= 0)
		snprintf(out, CR_PACE_TEXT,
			 "%.3g s until a checkpoint has been measured, mean time between failures "
			 "%s (%s)",
			 interval_s, pace_time(mtbf_s, mtbf), known_from);
	else
		snprintf(out, CR_PACE_TEXT, "%.3g s: cost %s, mean time between failures %s (%s)",
			 interval_s, pace_time(cost_s, cost), pace_time(mtbf_s, mtbf), known_from);
}
