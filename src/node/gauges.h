// SPDX-License-Identifier: Apache-2.0
//
// What a host says of its CPUs, memory, pressure and disk; and what two looks at it, a time apart,
// tell of that time. Hosted code.
#pragma once

#include <sys/types.h>

#include "cluster.pb.h"

enum cr_pressure { CR_PRESSURE_CPU, CR_PRESSURE_MEMORY, CR_PRESSURE_IO, CR_PRESSURES };

/* NAN: it cannot be had here. Seconds and bytes, used by anybody since some instant. */
struct cr_gauges {
	double cpus, cpu_used;
	double memory_bytes, memory_available;
	double pressure[CR_PRESSURES]; /* percent */
	double disk_busy, disk_read, disk_written;
};

/* root: the folder with proc and sys; disk: a block device, 0: none. */
void cr_gauges_read(int root, dev_t disk, struct cr_gauges *out);
/* The block device below a file system, whose number may be of none; 0: it has none. */
dev_t cr_gauges_disk(int root, dev_t file_system);
/* The fields of a sample that gauges tell of, seconds after the first look. */
void cr_gauges_sample(const struct cr_gauges *first, const struct cr_gauges *now, double seconds,
		      cairn_NodeSample *out);
