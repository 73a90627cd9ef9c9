// SPDX-License-Identifier: Apache-2.0
//
// What the end of each process would undo of SysV semaphores.
#pragma once

struct cr_checkpoint;
struct cr_shepherd;

int cr_save_undo(struct cr_shepherd *sh, struct cr_checkpoint *c);
