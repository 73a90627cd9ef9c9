// SPDX-License-Identifier: Apache-2.0
//
// The sandbox: namespaces in which the saved ids are free.
#pragma once

struct cr_err;
struct cr_restart;

/*
 * Makes the namespaces, and in them a process with the saved shepherd's ids, in which inner(r) is
 * called; its value is the exit status. The outer process stays, passes signals on and returns the
 * status.
 */
int cr_sandbox(struct cr_restart *r, int (*inner)(struct cr_restart *r), struct cr_err *err);

/* Whether the namespaces could be made, as a child finds out. */
int cr_sandbox_try(struct cr_restart *r, struct cr_err *why);
