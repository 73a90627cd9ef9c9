// SPDX-License-Identifier: Apache-2.0
//
// crctl's options: the table, and reading it.
#pragma once

struct cr_ctl;

/*
 * Reads options, verb and what it is about. What does not go with the verb is refused, unless
 * --help or --version is there.
 */
int cr_ctl_options(struct cr_ctl *c, int argc, char **argv, const char **verb);
/* Those of one verb, or of all: NULL. */
void cr_ctl_options_usage(const char *verb);
