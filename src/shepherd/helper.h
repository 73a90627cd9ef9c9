// SPDX-License-Identifier: Apache-2.0
//
// Programs that the shepherd runs for itself.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct cr_err;
struct cr_shepherd;

/*
 * Starts a program for the shepherd's own use, in a session of its own, with all descriptors
 * closed but fds[0..2] as 0 to 2 (-1: /dev/null). ended is called from the loop.
 */
int cr_helper_start(struct cr_shepherd *sh, char *const argv[], const int fds[3],
		    void (*ended)(struct cr_shepherd *sh, int status, void *arg), void *arg,
		    pid_t *pid, struct cr_err *err);

/* Whether it was one that has ended; tells who started it. */
bool cr_helper_ended(struct cr_shepherd *sh, pid_t pid, int status);
