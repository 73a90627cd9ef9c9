// SPDX-License-Identifier: Apache-2.0
//
// How nodes fare, as they told it: the newest sample of each, and a history that is bounded. It is
// not in the database: a coordinator that starts begins with none.
#pragma once

#include "coordinator/coordinator.h"

/* It came at this time, by CLOCK_REALTIME and CLOCK_BOOTTIME. What cannot be is left out. */
void co_telemetry_add(struct co_node *n, const cairn_NodeSample *s, int64_t at_ms, int64_t boot_ms);
/* The newest, or NULL when there is none or it is old. */
const cairn_NodeSample *co_telemetry_newest(const struct co_node *n);
/*
 * Oldest first, from since_ms on (CLOCK_REALTIME), until each() returns false: about one a second
 * for the last minutes, before that one for ten seconds, with the mean of each value (the worst of
 * latencies).
 */
void co_telemetry_each(const struct co_node *n, int64_t since_ms,
		       bool (*each)(const cairn_NodeSample *s, void *arg), void *arg);
void co_telemetry_free(struct co_node *n);
