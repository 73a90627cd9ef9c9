// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints that nobody asks for: see schedule.c.
#pragma once

struct cr_shepherd;

/* -ENOMEM. */
int cr_schedule_begin(struct cr_shepherd *sh);
