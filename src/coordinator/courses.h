// SPDX-License-Identifier: Apache-2.0
//
// What all members of a job do together: what happens to it is noted here, what follows is decided
// by reconcile.c; see courses.c.
#pragma once

#include "coordinator/cluster.h"

bool co_course_start(struct co_job *j, cairn_Intent intent, const struct co_asker *a);
/* All who live can take part now. */
bool co_course_can(const struct co_job *j);
void co_course_restore(struct co_job *j, unsigned int number);
/* After a start: of a checkpoint that the database has as saved. */
void co_course_resume(struct co_job *j, struct co_checkpoint *k);
/* What happens to it; what follows is reconcile.c's. */
void co_course_arrive(struct co_member *m, const cairn_Arrive *a, const void *data, size_t len);
void co_course_written(struct co_member *m, const cairn_MemberEvent *e);
void co_course_finding(struct co_member *m, const cairn_MemberFinding *f);
void co_course_fail(struct co_job *j, int status, const char *why);
/* Whether, and then what is done. */
bool co_course_unordered(const struct co_job *j);
void co_course_order(struct co_job *j);
bool co_course_met(const struct co_job *j);
void co_course_advance(struct co_job *j);
bool co_course_saved(const struct co_job *j);
void co_course_commit(struct co_job *j);
bool co_course_done(const struct co_job *j);
void co_course_end(struct co_job *j);
bool co_course_overdue(const struct co_job *j, int64_t now);
void co_course_late(struct co_job *j);
bool co_course_stalled(const struct co_job *j, int64_t now);
void co_course_uncopied(struct co_job *j);
void co_course_abort(struct co_job *j);
/* When it will be overdue or stalled. */
int64_t co_course_deadline(const struct co_job *j);
