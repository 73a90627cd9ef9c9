// SPDX-License-Identifier: Apache-2.0
//
// crctl's options: the table, and reading it.
#pragma once

struct cr_ctl;

/*
 * Reads options, verb and what it is about; --help and --version are answered (*verb stays NULL,
 * 0). What does not go with the verb is refused.
 */
int cr_ctl_options(struct cr_ctl *c, int argc, char **argv, const char **verb);
void cr_ctl_options_usage(void);
