// SPDX-License-Identifier: Apache-2.0
//
// The books of jobs; see jobs.c.
#pragma once

#include "coordinator/coordinator.h"

struct co_job *co_job_new(struct co *c, const cairn_Request *q, const struct co_asker *a);
struct co_job *co_job_by_id(struct co *c, uint64_t id);
/* By name (newest first) or by number; *err if there is none that the asker may touch. */
struct co_job *co_job_find(struct co *c, const char *text, const struct co_asker *a,
			   struct cr_err *err);
bool co_job_over(const struct co_job *j);
void co_job_set(struct co_job *j, enum co_state state, const char *why);
void co_job_save(struct co_job *j);
/* A fact about it has changed. */
void co_job_dirty(struct co_job *j);
void co_job_fault(struct co_job *j, enum co_cause cause, const char *why);
/* All members are to be ended; when they are dead: after. */
void co_job_want(struct co_job *j, enum co_state after, const char *why);
/* Copies of its images are counted anew, and ordered. */
void co_job_copies_due(struct co_job *j);
void co_job_row(const struct co_job *j, cairn_JobRow *row);
const char *co_job_state(const struct co_job *j);
/* For load.c: one of the database, in the order of their numbers. */
struct co_job *co_job_add(struct co *c, uint64_t id);
