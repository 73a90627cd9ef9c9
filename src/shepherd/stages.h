// SPDX-License-Identifier: Apache-2.0
//
// An operation (a checkpoint, a restart) as tables of stages, and the one driver that works them
// off. Pure logic but for the clock and the trace: no locks, no I/O of its own.
//
// A stage has begun when its run() is called. From then on its undo() is owed: it is called once,
// when a later stage settles it, or else at the end of the operation, in reverse order, however
// that ends.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operation.pb.h"

#define CR_STAGES_MOST 32

/* What run() returns if the stage goes on in the loop: cr_stages_done() is called later. */
#define CR_LATER 1

struct cr_stage {
	const char *name; /* what it is doing, as status and trace show it; NULL: end of a table */
	/* 0, -errno, or CR_LATER. NULL: nothing. */
	int (*run)(void *of);
	void (*undo)(void *of);
	/* Undone before run(), if it is owed still: others' undo(), by its address. */
	void (*settles[2])(void *of);
	/* Met with the job's other members behind this stage; 0: it is this member's alone. */
	cairn_Step barrier;
	/* Whether there is such a stage this time; NULL: always. */
	bool (*when)(const void *of);
};

struct cr_stages {
	const struct cr_stage *v[CR_STAGES_MOST];
	int64_t took_ns[CR_STAGES_MOST]; /* so far; 0: not begun */
	unsigned int n, at;
	uint32_t owed; /* bits: the stages whose undo() is */
	void *of;
	const char *traced; /* whose operation it is, in the trace; NULL: there is none */
	int64_t began_ns; /* the present stage, CLOCK_MONOTONIC */
	int (*meet)(void *of, cairn_Step barrier); /* 0 or -errno */
};

/* Appends a table. What is beyond CR_STAGES_MOST is a mistake of the tables: it aborts. */
void cr_stages_add(struct cr_stages *s, const struct cr_stage *table);

/*
 * Goes on from the present stage. 0: all are done; -errno of the one that failed; CR_LATER: one
 * goes on in the loop.
 */
int cr_stages_run(struct cr_stages *s);

/* The present stage, which was to go on, has ended so; then as cr_stages_run(). */
int cr_stages_done(struct cr_stages *s, int ret);

/* Calls undo for the stage that has it, if that is owed. */
void cr_stages_settle(struct cr_stages *s, void (*undo)(void *of));

/* All that are owed, the last stage's first. */
void cr_stages_undo(struct cr_stages *s);

/* Of the present stage; "running" when all are done. */
const char *cr_stages_name(const struct cr_stages *s);

/* How long a stage has taken, until now if it is the present one. */
int64_t cr_stages_took(const struct cr_stages *s, unsigned int i);

/* Whether CR_TRACE in the environment has the word "stages". */
bool cr_stages_traced(void);
