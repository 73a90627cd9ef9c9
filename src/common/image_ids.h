// SPDX-License-Identifier: Apache-2.0
//
// Where records hold ids of processes.
#pragma once

#include "image.pb.h"

struct cr_ids;

/* Turns every id in a message into what the job knows it by. */
void cr_image_ids(const struct cr_ids *ids, cairn_RecordType type, void *msg);
