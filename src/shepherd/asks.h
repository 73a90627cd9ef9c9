// SPDX-License-Identifier: Apache-2.0
//
// What processes of the job ask by cairn.h.
#pragma once

#include <stdint.h>

struct cr_checkpoint;
struct cr_err;
struct cr_shepherd;

int cr_asks_listen(struct cr_shepherd *sh, struct cr_err *err);
int cr_asks_begin(struct cr_shepherd *sh);

/* Answers whoever has come; also while the job is being stopped. */
void cr_asks_look(struct cr_shepherd *sh);

/* Everyone stands still: this is the checkpoint of those who have asked. */
void cr_asks_cut(struct cr_shepherd *sh, struct cr_checkpoint *c);
void cr_asks_finished(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* What the coordinator says of a checkpoint that was asked for, and of those before. */
void cr_asks_told(struct cr_shepherd *sh, uint32_t number, const struct cr_err *err);

/* Begins what is asked for and has not begun. */
void cr_asks_next(struct cr_shepherd *sh);
