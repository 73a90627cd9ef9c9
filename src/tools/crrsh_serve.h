// SPDX-License-Identifier: Apache-2.0
//
// The part of crrsh that runs the command, in a member of the job that was started for it.
#pragma once

struct cr_err;
struct cr_rsh_options;

/* The exit status. err: nothing was run, or it was lost. */
int cr_rsh_serve(const struct cr_rsh_options *o, struct cr_err *err);
