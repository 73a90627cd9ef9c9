// SPDX-License-Identifier: Apache-2.0
//
// When a node's memory, disk or store will be full, by its history. Pure, but for that.
#pragma once

#include <stdint.h>

#include "coordinator/evacuate.h"

struct co_node;

/*
 * By the last window_s seconds and, if that says that there is less time than a third of it, by the
 * last third; not by what was before since_ms (CLOCK_REALTIME).
 */
void co_node_trend(const struct co_node *n, double window_s, int64_t since_ms, int64_t now_ms,
		   struct cr_trend_left left[CR_EVAC_ROOMS]);
/* A room's name; memory, disk, store. */
const char *co_node_room(enum cr_evac_room room);
