// SPDX-License-Identifier: Apache-2.0
//
// How this node fares, measured once a second and told with a heartbeat.
#pragma once

#include "node/node.h"

int cr_telemetry_init(struct cr_node *n, struct cr_err *err);
void cr_telemetry_free(struct cr_node *n);
/* By the loop's timer, which was to come at due_ns. */
void cr_telemetry_tick(struct cr_node *n, int64_t now, int64_t due_ns);
/* An answer to a heartbeat of the loop's own has come. */
void cr_telemetry_answered(struct cr_node *n, int64_t sent_ns);
/* The load, and what is new since the last time, into a heartbeat. */
void cr_telemetry_put(struct cr_node *n, cairn_Heartbeat *h);
