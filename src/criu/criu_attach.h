// SPDX-License-Identifier: Apache-2.0
//
// crctl attach: whether a process that runs can be a job.
#pragma once

#include <sys/types.h>

struct cr_err;
struct cr_shepherd;

/* Whether that would be taken here; 0, or the reason why not. Nothing is touched. */
int cr_criu_attachable(pid_t pid, struct cr_err *err);
int cr_criu_attach(struct cr_shepherd *sh, const char *what, struct cr_err *err);
