// SPDX-License-Identifier: Apache-2.0
//
// Whether the parents of processes that job control has stopped have been told by a wait.
#pragma once

struct cr_checkpoint;
struct cr_shepherd;

int cr_save_stop_seen(struct cr_shepherd *sh, struct cr_checkpoint *c);
