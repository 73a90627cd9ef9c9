// SPDX-License-Identifier: Apache-2.0
//
// Whether there is memory for a checkpoint, and how it is made if there is little.
#pragma once

#include <sys/types.h>

struct cr_checkpoint;
struct cr_shepherd;

int cr_limits_look(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* If memory runs out, it is this process that goes. */
void cr_offer_writer(pid_t pid);
