// SPDX-License-Identifier: Apache-2.0
//
// --help: within 80 columns, from the tables of options.
#pragma once

struct cr_args;

/* The rows of the program. */
void cr_args_print(const struct cr_args *a);

/* A line of two columns, the second from column at on and as many lines as it takes. */
void cr_help_line(const char *left, int at, const char *text);
