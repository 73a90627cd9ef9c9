// SPDX-License-Identifier: Apache-2.0
//
// Requests of crctl's.
#pragma once

struct cr_checkpoint;
struct cr_shepherd;

void cr_control_accept(int fd, short what, void *shepherd);
void cr_control_finished(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* Starts the checkpoint that was asked for first while another was being made, in a moment. */
void cr_control_next(struct cr_shepherd *sh);
