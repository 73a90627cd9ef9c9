// SPDX-License-Identifier: Apache-2.0
//
// Members go to other nodes though nothing has failed; see move.c.
#pragma once

#include "coordinator/coordinator.h"

#define CO_MOVE_ALL (-1)
#define CO_MOVE_DRAINED (-2) /* those whose node is to be empty */
#define CO_MOVE_FROM (-3) /* those on a node */

struct co_moving {
	int member; /* its number, or one of the above */
	struct co_node *to; /* NULL: anywhere but where each is */
	const char *why;
	const struct co_asker *asker; /* is answered when it has ended; or NULL */
	const struct co_node *from; /* of CO_MOVE_FROM */
};

/*
 * It begins as soon as the job has nothing else to do. Refused at once, with the reason: the job
 * does not run, or is being moved already, there is no such member, no node fits.
 */
int co_move(struct co_job *j, const struct co_moving *what, struct cr_err *err);
/* It is not to be: the job is where it was, or goes back there. */
void co_move_fail(struct co_job *j, int status, const char *why);
/* For load.c: what the database says. */
void co_move_load(struct co *c);

/* For reconcile.c: whether, and then what is done. */
bool co_move_is_due(const struct co_job *j);
void co_move_stop(struct co_job *j, int64_t now);
bool co_move_has_stopped(const struct co_job *j);
void co_move_away(struct co_job *j);
bool co_move_uncopied(const struct co_job *j);
void co_move_not_copied(struct co_job *j);
void co_move_starts(struct co_job *j);
/* It has stopped, and has not been told yet to go back. */
bool co_move_may_return(const struct co_job *j);
bool co_move_is_over(const struct co_job *j);
void co_move_end(struct co_job *j);
/* It can neither go there nor back for now. */
bool co_move_waits(const struct co_job *j, int64_t now);
void co_move_tell_wait(struct co_job *j);
