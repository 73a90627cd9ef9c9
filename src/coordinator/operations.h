// SPDX-License-Identifier: Apache-2.0
//
// What all members of a job do together: what happens to it is noted here, what follows is decided
// by reconcile.c; see operations.c.
#pragma once

#include "coordinator/coordinator.h"

bool co_operation_start(struct co_job *j, cairn_Intent intent, const struct co_asker *a);
/* All who live can take part now. */
bool co_operation_can(const struct co_job *j);
void co_operation_restore(struct co_job *j, unsigned int number);
/* After a start: of a checkpoint that the database has as saved. */
void co_operation_resume(struct co_job *j, struct co_checkpoint *k);
/* What happens to it; what follows is reconcile.c's. */
void co_operation_arrive(struct co_member *m, const cairn_Arrive *a, const void *data, size_t len);
void co_operation_written(struct co_member *m, const cairn_MemberEvent *e);
void co_operation_finding(struct co_member *m, const cairn_MemberFinding *f);
void co_operation_fail(struct co_job *j, int status, const char *why);
/* Whether, and then what is done. */
bool co_operation_unordered(const struct co_job *j);
void co_operation_order(struct co_job *j);
bool co_operation_met(const struct co_job *j);
void co_operation_advance(struct co_job *j);
bool co_operation_saved(const struct co_job *j);
void co_operation_commit(struct co_job *j);
bool co_operation_done(const struct co_job *j);
void co_operation_end(struct co_job *j);
bool co_operation_overdue(const struct co_job *j, int64_t now);
void co_operation_late(struct co_job *j);
bool co_operation_stalled(const struct co_job *j, int64_t now);
void co_operation_uncopied(struct co_job *j);
void co_operation_abort(struct co_job *j);
/* When it will be overdue or stalled. */
int64_t co_operation_deadline(const struct co_job *j);
