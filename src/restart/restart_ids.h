// SPDX-License-Identifier: Apache-2.0
//
// Who gets which id: in a sandbox everyone its own.
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct cr_err;
struct cr_restart;

/* Makes the control page and the table behind it, with the ids that are to come. */
int cr_restart_ids(struct cr_restart *r, struct cr_err *err);

/* The id that the kernel knows a process of the image by. */
pid_t cr_real(const struct cr_restart *r, pid_t id);

/* clone of a process that is to be seen as id. */
pid_t cr_clone_as(struct cr_restart *r, pid_t id, uint64_t flags, int exit_signal);

/* When all are born: completes the table, for the shepherd and programs that the job executes. */
int cr_restart_ids_settle(struct cr_restart *r, struct cr_err *err);
