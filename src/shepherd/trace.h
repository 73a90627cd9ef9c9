// SPDX-License-Identifier: Apache-2.0
//
// Processes that job control has stopped, and that must not notice.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cr_err;
struct cr_process;
struct cr_shepherd;

/* Seizes one and gets it ready to be called; again: it was called before. */
int cr_rouse(struct cr_shepherd *sh, struct cr_process *m, bool again, struct cr_err *err);

/* Lets those of its threads that have been called go into the handler. */
void cr_rouse_on(struct cr_shepherd *sh, struct cr_process *m);

/* Before Go: keeps it from running on. After: leads it out to where it was, and lets go. */
void cr_hold(struct cr_process *m);
void cr_release(struct cr_process *m);

/* Waits until a seized thread stops; its wait status, or -1 if it is gone or takes too long. */
int cr_await_stop(pid_t tid, int64_t ns);
