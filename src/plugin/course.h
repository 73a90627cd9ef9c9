// SPDX-License-Identifier: Apache-2.0
//
// The processes of plugins during a checkpoint or a restart.
#pragma once

#include "plugin/plugin.h"

struct cr_err;

/* Makes their processes, loads them, calls init. On failure none is left. */
int cr_plugins_start(struct cr_plugins *ps, enum cairn_course course, struct cr_err *err);
/* A hook without arguments, of each that has it, in order, until one fails. */
int cr_plugins_each(struct cr_plugins *ps, enum cr_hook hook, struct cr_err *err);
/*
 * Tells those that are owed it, in reverse order, that it has gone well (if it then does not, all
 * are told that), or failed; then ends them all. Does nothing if there are none.
 */
int cr_plugins_over(struct cr_plugins *ps, bool well, struct cr_err *err);
/* Ends their processes, and what these have made, without a word. */
void cr_plugins_end(struct cr_plugins *ps);
/* Loads all of them once and forgets them: whether they are there and can be used. */
int cr_plugins_try(struct cr_plugins *ps, struct cr_err *err);
