// SPDX-License-Identifier: Apache-2.0
//
// What a checkpoint is at while crctl waits for it, on a terminal.
#pragma once

#include "common/progress.h"
#include "tools/reach_job.h"

struct cr_checkpoint_watch {
	const char *job; /* a name, or a folder */
	struct cr_progress progress;
	struct cr_reached to; /* a call of its own, of which the answer may come late */
	cairn_ControlReply reply;
};

void cr_checkpoint_watch_begin(struct cr_checkpoint_watch *w, const char *job);
/* From time to time; arg is the struct. Waits for nobody. */
void cr_checkpoint_watch_turn(void *arg);
void cr_checkpoint_watch_end(struct cr_checkpoint_watch *w);
