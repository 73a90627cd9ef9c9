// SPDX-License-Identifier: Apache-2.0
//
// Plugins at a restart.
#pragma once

struct cr_err;
struct cr_restart;

/* In crrestart: which plugins there are, and what they and --map change in the image. */
int cr_restart_change(struct cr_restart *r, struct cr_err *err);
/* In the sandbox, before anything is made. */
int cr_restart_plugins(struct cr_restart *r, struct cr_err *err);
/* When all is in place and nothing has run. */
int cr_restart_plugins_ready(struct cr_restart *r, struct cr_err *err);
