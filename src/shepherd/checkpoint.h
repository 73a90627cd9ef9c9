// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint from start to commit.
#pragma once

#include <stdbool.h>

#include "operation.pb.h"

struct cr_checkpoint;
struct cr_err;
struct cr_shepherd;

/* A thread without signals; false if there is none to be had. */
bool cr_in_background(void *(*fn)(void *), void *arg);

/* Starts one; its end is told to client (or nobody, -1). */
int cr_checkpoint_start(struct cr_shepherd *sh, cairn_Intent intent, int client,
			struct cr_err *err);

/* For a backend, from the loop: the stage that returned CR_LATER is through, or c->err says why. */
void cr_checkpoint_done(struct cr_checkpoint *c, int ret);

/* For tables of stages: whether it is no check, or one. */
bool cr_checkpoint_keeps(const void *checkpoint);
bool cr_checkpoint_looks(const void *checkpoint);
/* An undo: plugins hear how it went, when the job runs. */
void cr_checkpoint_plugins_over(void *checkpoint);

/*
 * One that is held ends: with the job, or it goes on after all. Does nothing if there is none.
 */
void cr_checkpoint_release(struct cr_shepherd *sh, bool stop);

/* During a check: notes the failure and goes on. Else returns ret as it is. */
int cr_pass_over(struct cr_checkpoint *c, int ret);
