// SPDX-License-Identifier: Apache-2.0
//
// A straight line through values over time, and how sure it is: when what falls will be at zero.
// Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cr_trend_point {
	double at_s, value;
};

struct cr_trend {
	size_t n;
	double level; /* the line's value at the last point */
	double slope; /* a second */
	double error; /* so much it may be wrong either way, at 95 % */
	double r2; /* how much of what is seen the line explains, 0 to 1 */
};

/* Least squares, by points in the order of time; false: too few, or at one time. */
bool cr_trend_fit(const struct cr_trend_point *p, size_t n, struct cr_trend *out);

/* Seconds until zero: as the line has it, and the bounds of what the values allow (95 %). */
struct cr_trend_left {
	double likely, least, most; /* INFINITY: it does not fall, or not for certain */
	double r2;
};

struct cr_trend_left cr_trend_left(const struct cr_trend *t);
