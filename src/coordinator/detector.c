// SPDX-License-Identifier: Apache-2.0
//
// The failure detector. See detector.h.
#include "coordinator/detector.h"

#include <math.h>
#include <string.h>

#define PHI_MAX 300.0

static void detector_add(struct cr_detector *d, float interval)
{
	d->intervals[d->next] = interval;
	d->next = (d->next + 1) % CR_DETECTOR_WINDOW;
	if (d->n < CR_DETECTOR_WINDOW)
		d->n++;
}

void cr_detector_begin(struct cr_detector *d, int64_t heartbeat, int64_t now)
{
	memset(d, 0, sizeof(*d));
	d->last = now;
	d->pause = heartbeat;
	d->min_deviation = heartbeat / 4.0f;
	/* Before anything is known: regular, within a quarter. */
	detector_add(d, heartbeat * 0.75f);
	detector_add(d, heartbeat * 1.25f);
}

void cr_detector_heard(struct cr_detector *d, int64_t now)
{
	if (now > d->last)
		detector_add(d, now - d->last);
	d->last = now;
}

double cr_detector_phi(const struct cr_detector *d, int64_t now)
{
	double sum = 0, squares = 0, mean, deviation, y, e;

	if (!d->n || now <= d->last)
		return 0;
	for (unsigned int i = 0; i < d->n; i++)
		sum += d->intervals[i];
	mean = sum / d->n;
	for (unsigned int i = 0; i < d->n; i++)
		squares += (d->intervals[i] - mean) * (d->intervals[i] - mean);
	deviation = sqrt(squares / d->n);
	if (deviation < d->min_deviation)
		deviation = d->min_deviation;
	/*
	 * The normal distribution's tail, by the logistic approximation that Akka made usual:
	 * P(later) = 1 / (1 + exp(y (1.5976 + 0.070566 y²))).
	 */
	y = (now - d->last - mean - d->pause) / deviation;
	e = y * (1.5976 + 0.070566 * y * y);
	if (e > PHI_MAX * M_LN10)
		return PHI_MAX;
	if (e < -PHI_MAX)
		return 0;
	return log1p(exp(e)) / M_LN10 > PHI_MAX ? PHI_MAX : log1p(exp(e)) / M_LN10;
}
