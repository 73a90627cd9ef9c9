// SPDX-License-Identifier: Apache-2.0
//
// Processes that die by a signal.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct cr_checkpoint;
struct cr_shepherd;

/* One has ended, by a wait status; name as far as known. */
void cr_death(struct cr_shepherd *sh, pid_t pid, const char *name, int status);

/* Watches over those that a checkpoint has seen; those that it has found dead count. */
void cr_deaths_watch(struct cr_shepherd *sh, const struct cr_checkpoint *c);

/* Whether it got the signal that ended it for what it had done itself. */
bool cr_crashed(int status);

/* At the end, of the first process: nobody else may tell whose end a status is. */
void cr_death_tell(const struct cr_shepherd *sh);

/* Ends all its processes, which are no failures then. */
void cr_end_job(struct cr_shepherd *sh);
