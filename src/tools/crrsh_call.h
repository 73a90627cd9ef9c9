// SPDX-License-Identifier: Apache-2.0
//
// The part of crrsh that is called.
#pragma once

struct cr_err;
struct cr_rsh_options;

/* The exit status. err: nothing was run, or it was lost. */
int cr_rsh_call(const struct cr_rsh_options *o, struct cr_err *err);
