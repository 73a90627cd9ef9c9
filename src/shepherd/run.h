// SPDX-License-Identifier: Apache-2.0
//
// The shepherd's loop: until the last process has ended.
#pragma once

struct cr_shepherd;

int cr_shepherd_run(struct cr_shepherd *sh);
void cr_kill_job(struct cr_shepherd *sh);

/* The last process of a job that is attached has ended; status as of wait, -1: not known. */
void cr_shepherd_ended(struct cr_shepherd *sh, int status);

/* Attached: waits for the end of sh->root_fd, whatever was waited for before. */
void cr_watch_root(struct cr_shepherd *sh);
