// SPDX-License-Identifier: Apache-2.0
//
// A command before it is run: where it is, and whether an agent can be loaded into it.
#pragma once

struct cr_err;

/* CR_EXIT_NO_COMMAND, CR_EXIT_CANNOT_RUN, or CR_EXIT_UNSUPPORTED with the reason. */
int cr_program_check(const char *command, struct cr_err *err);
