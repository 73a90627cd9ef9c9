// SPDX-License-Identifier: Apache-2.0
//
// No restart ends without a message.
#pragma once

#include <sys/types.h>

#include "restart/restorer.h"

struct cr_err;
struct cr_process_image;
struct cr_restart;

struct cr_progress *cr_progress_of(const struct cr_restart *r, const struct cr_process_image *p);
void cr_progress_made(const struct cr_restart *r, const struct cr_process_image *p);
void cr_progress_over(const struct cr_restart *r, const struct cr_process_image *p);
/* Notes the first failure for the shepherd, in whichever process. */
void cr_restart_note(struct cr_restart *r, pid_t pid, const struct cr_err *err);
int cr_restart_killed(struct cr_err *err, const char *what, pid_t pid, int sig);
/* In the shepherd: what has been noted. */
int cr_restart_failure(struct cr_restart *r, struct cr_err *err);
/* Waits until all have come to a stage, or left the restorer; or somebody never will. */
int cr_restart_await(struct cr_restart *r, enum cr_rendezvous stage, struct cr_err *err);
int cr_restart_await_over(struct cr_restart *r, struct cr_err *err);

/* Notes the first failure for the shepherd and ends the process. */
void cr_restart_die(struct cr_restart *r, pid_t pid, const struct cr_err *err)
	__attribute__((noreturn));
