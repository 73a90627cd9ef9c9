// SPDX-License-Identifier: Apache-2.0
//
// What drills burden a host with; see drill_load.c.
#pragma once

#include <sys/types.h>

#include "cluster.pb.h"

struct cr_drill_load {
	cairn_DrillKind kind; /* cpu, mem, disk */
	unsigned int ms;
	const char *host_root, *store;
};

/*
 * A process that does it, and ends with us or when its time is over, whatever becomes of us.
 * report: a line of what it has done, "!" before it if it cannot; then the end of it. -errno.
 */
int cr_drill_load(const struct cr_drill_load *load, pid_t *pid, int *report);
