// SPDX-License-Identifier: Apache-2.0
//
// Before a job runs, and after it.
#pragma once

#include "common/defs.h"

struct cr_err;
struct cr_shepherd;

int cr_shepherd_init(struct cr_shepherd *sh, struct cr_err *err);

/*
 * Takes the name and the directory for this job alone, and keeps them for as long as the shepherd
 * or a guard of it lives. Once; listen does it otherwise.
 */
int cr_shepherd_claim(struct cr_shepherd *sh, struct cr_err *err);
int cr_shepherd_listen(struct cr_shepherd *sh, struct cr_err *err);

/* Notes the root of a job that is attached: it is nobody's child here, and nothing marks it. */
void cr_shepherd_attached(struct cr_shepherd *sh);

/* Nothing of the job lives: its name and its directory are anybody's. */
void cr_shepherd_leave(struct cr_shepherd *sh);
void cr_shepherd_free(struct cr_shepherd *sh);
int cr_library_path(char out[CR_PATH_MAX], struct cr_err *err);
