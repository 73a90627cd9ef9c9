// SPDX-License-Identifier: Apache-2.0
//
// The job's processes, as a checkpoint finds them.
#pragma once

#include <sys/types.h>

#include "shepherd/shepherd.h"

struct cr_process *cr_process_find(const struct cr_checkpoint *c, pid_t pid);
struct cr_process *cr_process_add(struct cr_shepherd *sh, struct cr_checkpoint *c, pid_t pid);
void cr_process_writer(struct cr_checkpoint *c, struct cr_process *m, pid_t pid);
void cr_process_settle(struct cr_checkpoint *c, struct cr_process *m, enum cr_process_state state);
void cr_process_free(struct cr_process *m);

/* Looks at the tree; how many processes were not known. */
int cr_processes_look(struct cr_shepherd *sh, struct cr_checkpoint *c);
