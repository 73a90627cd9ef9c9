// SPDX-License-Identifier: Apache-2.0
//
// Answers to what users have asked; see replies.c.
#pragma once

#include "coordinator/coordinator.h"

void co_reply(struct co *c, const struct co_asker *a, cairn_Reply *r);
cairn_Reply *co_reply_begin(struct co *c);
void co_reply_error(struct co *c, const struct co_asker *a, int status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void co_reply_job(struct co *c, const struct co_asker *a, const struct co_job *j);
void co_reply_end(struct co *c, const struct co_asker *a);
/* What they wait for has come about, or never will. */
void co_waiters_look(struct co_job *j);
/* Is answered with the job's row when it is over. */
void co_wait_for_end(struct co_job *j, const struct co_asker *a);
/* The same, or as the verb says. */
void co_wait_for(struct co_job *j, const struct co_asker *a, cairn_Ask ask);
/* Until it runs, or it is known why it does not. */
void co_wait_for_start(struct co_job *j, const struct co_asker *a);
/* Who waits for a node to be empty is told that this job does not leave it for now. */
void co_drain_stuck(struct co_job *j, const char *why);
/* It waits for nothing any more; id: of one request only, or NULL. */
void co_asker_gone(struct co *c, uint64_t session, const uint64_t *id);
