// SPDX-License-Identifier: Apache-2.0
//
// How often to checkpoint (-i auto): so that what checkpoints cost and what failures would cost is
// the least together. Pure.
#pragma once

#define CR_PACE_AUTO (-1.0) /* in place of an interval */
#define CR_PACE_FIRST_S 60 /* until a checkpoint has been measured */
#define CR_PACE_MTBF_S 28800 /* mean time between failures, where nobody knows better: 8 hours */
#define CR_PACE_LEAST_S 5
#define CR_PACE_MOST_S 3600

/* What the job loses by one that stood still for so long and was there after wall_s, in all. */
double cr_pace_cost(double stall_s, double wall_s);
/*
 * The best interval, by Daly's estimate; not below CR_PACE_LEAST_S, nor twice the wall time, nor
 * above CR_PACE_MOST_S.
 */
double cr_pace_interval(double cost_s, double wall_s, double mtbf_s);

#define CR_PACE_TEXT 160
/* "212 s: cost 0.8 s, mean time between failures 8 h (prior)" */
void cr_pace_text(double interval_s, double cost_s, double mtbf_s, const char *known_from,
		  char out[CR_PACE_TEXT]);
