// SPDX-License-Identifier: Apache-2.0
//
// Command lines of the daemons: a table of options, each with a twin in the environment, which the
// command line wins over.
#pragma once

#include <stddef.h>

struct cr_err;

enum cr_arg_kind {
	CR_ARG_FLAG, /* bool */
	CR_ARG_TEXT, /* const char * */
	CR_ARG_NUMBER, /* double */
	CR_ARG_LIST, /* struct cr_arg_list; in the environment divided by spaces */
};

#define CR_ARG_LIST_MAX 16
struct cr_arg_list {
	const char *v[CR_ARG_LIST_MAX];
	size_t n;
};

struct cr_arg {
	const char *name;
	char letter; /* 0: none */
	enum cr_arg_kind kind;
	size_t offset; /* of the value in the struct of options */
	double min, max; /* of a number */
	const char *environment, *argument, *help; /* environment, argument: NULL if none */
};

/*
 * Fills *options, whose defaults are there already. The index of the first operand, or -errno with
 * CR_EXIT_USAGE.
 */
int cr_args_parse(const struct cr_arg *rows, size_t n, void *options, int argc, char **argv,
		  struct cr_err *err);

/* The rows as --help shows them. */
void cr_args_print(const struct cr_arg *rows, size_t n);
