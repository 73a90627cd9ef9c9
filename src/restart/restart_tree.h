// SPDX-License-Identifier: Apache-2.0
//
// Making the job's processes again.
#pragma once

#include "restart/restorer.h"
#include "shepherd/stages.h"

struct cr_err;
struct cr_restart;

/* The agent backend's: every process is made, in place and waiting. */
extern const struct cr_stage cr_agent_restart_stages[];

/* An undo: they hear how it went, when the job runs. */
void cr_restart_plugins_over(void *restart);

/* Lets them run. An error: one could not; the caller ends the others. */
int cr_restart_go(struct cr_restart *r, struct cr_err *err);

void cr_rendezvous_arrive(struct cr_restart *r, enum cr_rendezvous stage);
/* Waits until all have arrived; ends the process if the restart is given up. */
void cr_rendezvous_await(struct cr_restart *r, enum cr_rendezvous stage);
