// SPDX-License-Identifier: Apache-2.0
//
// Which processes the job has.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/proc.h"

struct cr_shepherd;

/* Every process below another one, in tree order. */
void cr_job_pids(int proc, pid_t self, cr_pids *out);

/* Every process of the job, as sh->host_proc numbers them; helpers are left out. */
void cr_tree_pids(struct cr_shepherd *sh, cr_pids *out);

/* The same of a job that is not below us. */
void cr_root_pids(struct cr_shepherd *sh, cr_pids *out);

/* Whether a child of the shepherd's or of theirs is of the job. */
bool cr_of_job(int proc, pid_t pid, pid_t self);
