// SPDX-License-Identifier: Apache-2.0
//
// See trend.h. Successive values of a host are alike: what it has now it will still have in a
// second. To the usual formula that looks like many observations that agree. So the error is
// widened by how alike neighbours are once the line is taken away: a value that wanders without
// aim gets an error that says so, one that falls along a line keeps its small one.
#include "coordinator/trend.h"

#include <math.h>

#define LEAST_POINTS 8

struct sums {
	double x, y, xx, xy, yy; /* means, and sums of squares around them */
};

static struct sums sum_up(const struct cr_trend_point *p, size_t n)
{
	struct sums s = { 0 };
	size_t i;

	/* From the first point, so that large numbers do not eat the small differences. */
	for (i = 0; i < n; i++) {
		s.x += (p[i].at_s - p[0].at_s) / n;
		s.y += (p[i].value - p[0].value) / n;
	}
	for (i = 0; i < n; i++) {
		double dx = p[i].at_s - p[0].at_s - s.x, dy = p[i].value - p[0].value - s.y;

		s.xx += dx * dx;
		s.xy += dx * dy;
		s.yy += dy * dy;
	}
	return s;
}

/* How alike neighbours are beside the line: 0 not at all, towards 1 the same. */
static double likeness(const struct cr_trend_point *p, size_t n, const struct sums *s, double slope)
{
	double squares = 0, products = 0, before = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double rest =
			p[i].value - p[0].value - s->y - slope * (p[i].at_s - p[0].at_s - s->x);

		squares += rest * rest;
		products += rest * before;
		before = rest;
	}
	if (squares <= 0 || products <= 0)
		return 0;
	return products / squares < 0.99 ? products / squares : 0.99;
}

/* Student's t for 95 %, near enough. */
static double student(double freedom)
{
	return freedom < 1 ? 12.7 : 1.96 + 2.4 / freedom + 8 / (freedom * freedom * freedom);
}

bool cr_trend_fit(const struct cr_trend_point *p, size_t n, struct cr_trend *out)
{
	struct sums s;
	double rest, alike, wider;

	if (n < LEAST_POINTS)
		return false;
	s = sum_up(p, n);
	if (s.xx <= 0)
		return false;
	out->n = n;
	out->slope = s.xy / s.xx;
	out->level = p[0].value + s.y + out->slope * (p[n - 1].at_s - p[0].at_s - s.x);
	out->r2 = s.yy > 0 ? s.xy * s.xy / (s.xx * s.yy) : 0;
	rest = s.yy - out->slope * s.xy;
	alike = likeness(p, n, &s, out->slope);
	wider = (1 + alike) / (1 - alike);
	out->error = student(n / wider - 2) * sqrt((rest > 0 ? rest : 0) / (n - 2) / s.xx * wider);
	return true;
}

static double until_zero(double level, double slope)
{
	if (slope >= 0)
		return INFINITY;
	return level > 0 ? level / -slope : 0;
}

struct cr_trend_left cr_trend_left(const struct cr_trend *t)
{
	return (struct cr_trend_left){
		.likely = until_zero(t->level, t->slope),
		.least = until_zero(t->level, t->slope - t->error),
		.most = until_zero(t->level, t->slope + t->error),
		.r2 = t->r2,
	};
}
