// SPDX-License-Identifier: Apache-2.0
//
// What a job may use of its CPU: --cpu-baseline. Libraries choose code by what the CPU has, and
// may be told by their environment to leave some of it out.
#pragma once

#include "common/err.h"
#include "image.pb.h"

/* Fails with CR_EXIT_USAGE, naming those that there are. Empty is good: no baseline. */
int cr_baseline_check(const char *name, struct cr_err *err);

/* Takes away what is not in the baseline. One that is empty or not known takes nothing. */
void cr_baseline_cap(cairn_CpuFeatures *cpu, const char *name);

/*
 * Sets the variables by which libraries that are started from here on are held to the baseline on
 * this CPU. What the user has set is left, or stands behind ours. Returns 0 or -errno.
 */
int cr_baseline_environment(const cairn_CpuFeatures *here, const char *name);
