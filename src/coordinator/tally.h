// SPDX-License-Identifier: Apache-2.0
//
// What has happened to each job; see tally.c.
#pragma once

#include "coordinator/coordinator.h"

/* Upper limits of the buckets, in seconds. */
extern const double co_stall_limits[CO_BUCKETS], co_wall_limits[CO_BUCKETS];

/* A checkpoint is committed and over, or has failed; other operations count for nothing here. */
void co_tally_end(struct co_job *j, const struct co_operation *was);
void co_tally_fail(struct co_job *j, const struct co_operation *was);
/* It runs again from a checkpoint. */
void co_tally_return(struct co_job *j);
