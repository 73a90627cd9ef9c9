// SPDX-License-Identifier: Apache-2.0
//
// What this CPU offers to user programs, to be compared with what a job's had.
#pragma once

#include "common/err.h"
#include "image.pb.h"

void cr_cpu_read(cairn_CpuFeatures *out);

/* Fails with CR_EXIT_CPU, naming what `had` contains and `has` lacks. */
int cr_cpu_check(const cairn_CpuFeatures *had, const cairn_CpuFeatures *has, struct cr_err *err);
