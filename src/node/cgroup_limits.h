// SPDX-License-Identifier: Apache-2.0
//
// What the cgroups of this process leave it of its host. Hosted code.
#pragma once

#include <limits.h>

/* NAN: no limit. Bytes, CPUs, seconds. */
struct cr_cgroup_limits {
	double memory_bytes, memory_available; /* of the level that leaves the least */
	double cpus, cpu_used; /* of the level that allows the fewest */
	char pressure[PATH_MAX]; /* the folder with that level's own PSI; "": the host's counts */
};

/* root: the folder with proc and sys. */
void cr_cgroup_limits(int root, struct cr_cgroup_limits *out);
