// SPDX-License-Identifier: Apache-2.0
//
// Stopping the job, and letting it go.
#pragma once

#include "agent.pb.h"

struct cr_checkpoint;
struct cr_err;
struct cr_process;
struct cr_shepherd;

int cr_stop_job(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* Of a check: one that cannot be stopped goes on. */
void cr_leave_out(struct cr_checkpoint *c, struct cr_process *m);
void cr_let_go(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_process_failure(struct cr_shepherd *sh, struct cr_process *m, const cairn_Failure *f,
		      struct cr_err *err);
int cr_process_send(struct cr_shepherd *sh, int sock, const int *fds, int nfds);

/* What a stopped one was asked: 1 for a message in sh->in, 0 after the last, -EPROTO for none. */
int cr_process_hear(struct cr_shepherd *sh, struct cr_process *m);
