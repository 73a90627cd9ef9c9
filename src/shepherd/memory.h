// SPDX-License-Identifier: Apache-2.0
//
// The job's memory: what a fork does not copy, and what writers write.
#pragma once

struct cr_checkpoint;
struct cr_process;
struct cr_shepherd;

int cr_scan_keep(struct cr_process *m);
int cr_save_shared(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_check_shared(struct cr_checkpoint *c);

/* One has ended before it was done. Fills c->err. */
int cr_writer_lost(struct cr_shepherd *sh, struct cr_checkpoint *c, const struct cr_process *m);
int cr_write_memory(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m);
