// SPDX-License-Identifier: Apache-2.0
//
// One row, as text or as a JSON object.
#pragma once

#include "cluster.pb.h"
#include "common/json.h"

const char *cr_row_size_text(uint64_t bytes, char out[16]);
const char *cr_row_seconds_text(double s, char out[16]);
void cr_row_heads(cairn_Ask ask);
void cr_row_job(const cairn_JobRow *j);
void cr_row_node(const cairn_NodeRow *n);
void cr_row_move(const cairn_MoveRow *m);
void cr_row_event(const cairn_EventRow *e);

struct cr_job_details {
	cairn_JobRow job;
	cairn_MemberRow *members;
	size_t n_members, room_members;
	cairn_CheckpointRow *checkpoints;
	size_t n_checkpoints, room_checkpoints;
	cairn_ImageRow *images;
	size_t n_images, room_images;
};
/* json: where it is written as JSON; NULL: for people. */
void cr_row_details(struct cr_job_details *d, struct cr_json *json);
