// SPDX-License-Identifier: Apache-2.0
//
// What a process runs.
#pragma once

struct cr_checkpoint;
struct cr_process;

/* What a process runs: program.c. */
int cr_describe_program(struct cr_checkpoint *c, struct cr_process *m);
