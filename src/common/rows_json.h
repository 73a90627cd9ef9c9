// SPDX-License-Identifier: Apache-2.0
//
// What is said of jobs, nodes, checkpoints and events, as JSON: one schema for crctl and for the
// coordinator's HTTP. Where they have always called one thing by two names, both have both.
#pragma once

#include "cluster.pb.h"
#include "common/message_json.h"

/* The same name for two forms: instants, and the version of CRIU, are texts or numbers. */
extern const struct cr_json_view cr_json_crctl, cr_json_http;

extern const struct cr_json_schema cr_json_job, cr_json_member, cr_json_checkpoint, cr_json_image,
	cr_json_node, cr_json_event, cr_json_move;
extern const struct cr_json_schema cr_json_sample; /* of a node's history */
extern const struct cr_json_schema cr_json_reply, cr_json_process; /* of a shepherd */

/* Nanoseconds as milliseconds. */
void cr_json_ms(struct cr_json *j, const char *key, uint64_t ns);

const char *cr_holding_word(cairn_HoldingState state);
const char *cr_move_word(cairn_MoveStage stage);
/* Milliseconds since 1970 as ISO 8601, or the time of day here; "" for 0. */
const char *cr_instant_text(int64_t ms, bool iso, char out[32]);
/* "" for 0. */
const char *cr_checkpoint_text(uint32_t number, char out[16]);
