// SPDX-License-Identifier: Apache-2.0
//
// Phi-accrual failure detector (Hayashibara et al., 2004): how sure one may be that a node which is
// silent will stay so, from how regularly its heartbeats came. phi 1: one false alarm in 10, phi 8:
// one in 10^8. For showing a node as suspect and for preparing early; never alone a reason to start
// its work elsewhere (leases.h). Pure logic: instants are passed in.
#pragma once

#include <stdint.h>

#define CR_DETECTOR_WINDOW 100
#define CR_DETECTOR_SUSPECT 8.0

struct cr_detector {
	int64_t last; /* heartbeat */
	int64_t pause; /* of silence that is taken for nothing */
	float min_deviation; /* in ns, as all */
	float intervals[CR_DETECTOR_WINDOW];
	unsigned int n; /* of them, next overwrites the oldest */
	unsigned int next;
};

/* heartbeat: the interval that is agreed. Deviation at least a quarter of it, pause one of it. */
void cr_detector_begin(struct cr_detector *d, int64_t heartbeat, int64_t now);
void cr_detector_heard(struct cr_detector *d, int64_t now);
/* 0 to 300 */
double cr_detector_phi(const struct cr_detector *d, int64_t now);
