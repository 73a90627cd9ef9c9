// SPDX-License-Identifier: Apache-2.0
//
// Processes that die meanwhile.
#pragma once

struct cr_checkpoint;
struct cr_process;
struct cr_shepherd;

/* One that is a zombie now: refuses it, if it was killed by what calls it. */
int cr_died_when_called(struct cr_checkpoint *c, const struct cr_process *m);

/* None of those who have stopped has died since. */
int cr_check_alive(struct cr_shepherd *sh, struct cr_checkpoint *c);
