// SPDX-License-Identifier: Apache-2.0
//
// The books of members; see members.c.
#pragma once

#include "coordinator/coordinator.h"

struct co_member *co_member_add(struct co_job *j, struct co_node *n);
struct co_member *co_member(struct co_job *j, unsigned int number);
void co_member_set(struct co_member *m, enum co_life life);
void co_member_save(struct co_member *m);
void co_member_id(const struct co_member *m, cairn_MemberId *id);
void co_member_kill(struct co_member *m, int signal);
void co_member_start(struct co_member *m, unsigned int number);
void co_member_event(struct co_node *n, const cairn_MemberEvent *e);
/* Somebody of a job is there: which one, or NULL: of the past, and told to end. */
struct co_member *co_member_there(struct co_node *n, const cairn_MemberId *id);
/* Its node was lost, or has it no more. */
void co_member_vanished(struct co_member *m, const char *why);
/* It could not be started with that status: that copy, or that node, is not tried again soon. */
void co_member_refused(struct co_member *m, int status);
enum co_cause co_cause_of(int status);
static inline bool co_lives(const struct co_member *m)
{
	return m->life == CO_STARTING || m->life == CO_RUNNING || m->life == CO_DYING;
}
