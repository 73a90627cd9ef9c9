// SPDX-License-Identifier: Apache-2.0
//
// The course of one checkpoint, for any number of members: a shepherd runs it over the processes of
// its node, a coordinator over the nodes of a job. Pure logic: no I/O, no clock.
//
//   IDLE -> STOPPING -> SAVING -> WRITING -> COMMITTING -> IDLE
//              any of them, on a failure -> IDLE, everyone going on
#pragma once

#include <stdbool.h>

enum cr_phase {
	CR_IDLE,
	CR_STOPPING, /* members are told to stand still */
	CR_SAVING, /* all stand still; what cannot be copied on write is saved */
	CR_WRITING, /* members run again, their copies write */
	CR_COMMITTING, /* everything is written; made durable and given its name */
};

struct cr_course {
	enum cr_phase phase;
	unsigned int members; /* that take part */
	unsigned int arrived; /* that have done what the phase asks */
	bool failed;
};

/* Begins with no members; more may be found while stopping. */
bool cr_course_begin(struct cr_course *c);
bool cr_course_add(struct cr_course *c);

/* A member went away by itself: it is no longer waited for. */
void cr_course_remove(struct cr_course *c, bool had_arrived);

/* One member has done its part; true when it was the last. */
bool cr_course_arrive(struct cr_course *c);

/* To the next phase; false if not everyone has arrived or something failed. */
bool cr_course_advance(struct cr_course *c);

void cr_course_fail(struct cr_course *c);
void cr_course_end(struct cr_course *c);

const char *cr_phase_name(enum cr_phase phase);
