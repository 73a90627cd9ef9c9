// SPDX-License-Identifier: Apache-2.0
//
// What backends other than the agent have in common.
#pragma once

struct cr_checkpoint;
struct cr_shepherd;

/* How many processes and threads the job has now, into the manifest. */
void cr_count_job(struct cr_shepherd *sh, struct cr_checkpoint *c);

/*
 * The job and the host as they are now, as records. What is to stand beside them is written by the
 * caller afterwards, and last of all the folder dir, by a thread: CR_LATER.
 */
int cr_save_job(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_save_folder(struct cr_shepherd *sh, struct cr_checkpoint *c, const char *dir);
