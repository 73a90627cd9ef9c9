// SPDX-License-Identifier: Apache-2.0
//
// The clock that leases are counted by: CLOCK_BOOTTIME as the host has it, which goes on while a
// machine is suspended or a process frozen, and which nobody can set. In a time namespace, as a
// restarted job's, the namespace's offset is taken off, so that all on one host mean the same.
#pragma once

#include <stdint.h>

/* Nanoseconds. */
int64_t cr_host_boottime_ns(void);
