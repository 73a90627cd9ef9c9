// SPDX-License-Identifier: Apache-2.0
//
// Who stands above a shepherd, so that a job never outlives it: see guard.c.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

struct cr_shepherd;

/* The signals that are passed on to the job. */
void cr_passed_set(sigset_t *set);

/*
 * Forks twice. The shepherd goes on; the caller never comes back: it becomes outer, and exits with
 * the shepherd's status.
 */
int cr_guard(struct cr_shepherd *sh, struct cr_err *err);

/*
 * What the user has started: passes signals on to the process below, stops when the shepherd says
 * so through report, and goes on with its job. Returns the status of the process below, when
 * nothing is left of the job. terminal: also what comes from one is passed on.
 */
int cr_outer(pid_t below, int tty, int report, bool terminal);

/* Before the guard makes the shepherd. */
void cr_guard_begin(void);

/* The guard of a shepherd that it has made: returns its status when nothing is left of the job. */
int cr_guard_keep(pid_t shepherd, pid_t outer);

/* The exit status for a shepherd's wait status; says so if it was killed. */
int cr_shepherd_status(int status);

/* In the shepherd: the job ends with the process above. */
void cr_guarded_by_parent(struct cr_shepherd *sh);

/* In the shepherd: its root was stopped. */
void cr_tell_stopped(struct cr_shepherd *sh);

/* Ends all that is below this process, whoever it belongs to, and waits until nothing is left. */
void cr_end_below(void);

/* A shepherd that somebody has stopped goes on, and its job does not notice. */
void cr_wake_shepherd(pid_t shepherd);
