// SPDX-License-Identifier: Apache-2.0
//
// What a checkpoint says, read while the job stands still.
#pragma once

#include "image.pb.h"

struct cr_checkpoint;
struct cr_shepherd;

/* What a checkpoint says of the job as a whole, and of the host; for all backends. */
void cr_describe_shepherd(const struct cr_shepherd *sh, cairn_Job *job);
void cr_describe_host(const struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_describe_job(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_write_state(struct cr_shepherd *sh, struct cr_checkpoint *c);
