// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that the job has from whoever started it.
#pragma once

#include "criu/criu_backend.h"
#include "image.pb.h"

struct cr_err;
struct cr_shepherd;

/*
 * Into job->outside, and what CRIU must be told to leave them alone.
 */
int cr_criu_outside(struct cr_shepherd *sh, cairn_Job *job, cr_arguments *a, struct cr_err *err);
