// SPDX-License-Identifier: Apache-2.0
//
// How often a job is saved; see job_pace.c.
#pragma once

#include "coordinator/coordinator.h"

/* Seconds between two checkpoints now, 0: none. */
double co_pace(const struct co_job *j);
/* The interval of its policy as it is now, and why. */
void co_pace_row(const struct co_job *j, cairn_JobRow *row);
