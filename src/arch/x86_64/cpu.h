// SPDX-License-Identifier: Apache-2.0
//
// What this CPU offers to user programs, to be compared with what a job's had.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "image.pb.h"

void cr_cpu_read(cairn_CpuFeatures *out);

/* The name of the i-th feature that is there, NULL behind the last. */
const char *cr_cpu_feature(const cairn_CpuFeatures *cpu, size_t i);

bool cr_cpu_has(const cairn_CpuFeatures *cpu, const char *name);

/* All features that are compared, there or not: the k-th one's name, NULL behind the last. */
const char *cr_cpu_name(size_t k);
void cr_cpu_clear(cairn_CpuFeatures *cpu, size_t k);

/* The newest x86-64 level (1 to 4) all of whose features are there. */
int cr_cpu_level(const cairn_CpuFeatures *cpu);

/* Takes features away, named with commas between; fails with CR_EXIT_USAGE for an unknown one. */
int cr_cpu_without(cairn_CpuFeatures *cpu, const char *names, struct cr_err *err);

/* Fails with CR_EXIT_CPU, naming what `had` contains and `here` lacks. */
int cr_cpu_check(const cairn_CpuFeatures *had, const cairn_CpuFeatures *here, struct cr_err *err);
