// SPDX-License-Identifier: Apache-2.0
//
// A job's plugins, around a checkpoint.
#pragma once

#include "image.pb.h"

struct cr_checkpoint;
struct cr_err;
struct cr_shepherd;

/* Those of the options; job: and of a checkpoint, NULL for none. */
int cr_plugins_take(struct cr_shepherd *sh, const cairn_Job *job, struct cr_err *err);
void cr_plugins_save(const struct cr_shepherd *sh, cairn_Job *job);

/* Before the job is stopped: loads them, and tells them that. */
int cr_plugins_suspend(struct cr_shepherd *sh, struct cr_checkpoint *c);
