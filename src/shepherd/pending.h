// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait for a process.
#pragma once

struct cr_checkpoint;
struct cr_process;
struct cr_proc_status;
struct cr_shepherd;

int cr_save_pending(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m,
		    const struct cr_proc_status *st);
