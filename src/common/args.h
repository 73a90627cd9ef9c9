// SPDX-License-Identifier: Apache-2.0
//
// Command lines of all programs: tables of options. A row has all that is known of one: its flag,
// its twin in the environment, which the command line wins over, its limits, its default, its help
// and where its value goes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cr_err;

enum cr_arg_kind {
	CR_ARG_FLAG, /* bool */
	CR_ARG_TEXT, /* const char * */
	CR_ARG_REAL, /* double: parts, rates */
	CR_ARG_WHOLE, /* an integer of any size: counts */
	CR_ARG_TIME, /* double, seconds: common/units.h */
	CR_ARG_SIZE, /* an integer of any size, bytes: common/units.h */
	CR_ARG_CHOICE, /* the same, or an enum: which of the words; the first of them is min */
	CR_ARG_LIST, /* struct cr_arg_list, or what add() fills */
};

#define CR_ARG_LIST_MAX 64
struct cr_arg_list {
	const char *v[CR_ARG_LIST_MAX];
	size_t n;
};

struct cr_arg {
	const char *name; /* NULL: it is a letter only */
	char letter; /* 0: none */
	enum cr_arg_kind kind;
	size_t offset, size; /* of the value in the struct of options: CR_ARG_FIELD */
	double min, max; /* of a number; max: of a list's length, 0: CR_ARG_LIST_MAX */
	const char *value; /* the default, as one would give it; NULL: all zeros */
	const char *environment; /* NULL: none */
	const char *argument; /* as --help shows it; of a choice, its words: a|b|c */
	const char *help; /* NULL: not shown */
	unsigned int programs; /* that have it, a bit each; 0: all of the table */
	size_t kept; /* where it is in the message that keeps it; 0: nowhere */
	const char *by; /* divides a list in the environment; NULL: a blank */
	bool adds; /* a list on the command line comes behind the environment's, not in its place */
	const char *word; /* may stand for a number, which is -1 then */
	/* What a text, or a list's element, must be. */
	int (*check)(const char *value, struct cr_err *err);
	int (*add)(void *to, const char *value, struct cr_err *err);
};

/* Stands behind the kind; what follows are min, max, value and so on. */
#define CR_ARG_FIELD(type, field) \
	.offset = offsetof(type, field), .size = sizeof(((type *)0)->field)

struct cr_arg_set {
	const struct cr_arg *rows; /* at most 64 */
	size_t n;
	void *options;
	uint64_t given; /* rows that somebody set, in either way */
};

struct cr_args {
	struct cr_arg_set sets[2];
	unsigned int programs; /* whose rows count; 0: all */
	const char *const *verbs; /* names of the bits, where they are verbs of one program */
	const char *ignored; /* letters that are taken and change nothing, as getopt() has them */
	bool anywhere; /* options may stand behind operands, which are moved to the end */
	bool ended; /* by --: there are only words from here on */
	int at; /* how far they are read */
};

#define CR_ARGS(rows, options)                                                    \
	{                                                                         \
		.sets = { { rows, sizeof(rows) / sizeof(*(rows)), options, 0 } }, \
	}

/*
 * Fills the options from defaults, environment and command line. The index of the first operand,
 * or -errno with CR_EXIT_USAGE. The same in parts, for programs whose options stand between words:
 * cr_args_begin(), then cr_args_read(), which stops at a word, and goes on behind it when the
 * caller has added one to a->at; then cr_args_environment(), for what was not given.
 */
int cr_args_parse(struct cr_args *a, int argc, char **argv, struct cr_err *err);
int cr_args_begin(struct cr_args *a, struct cr_err *err);
int cr_args_read(struct cr_args *a, int argc, char **argv, struct cr_err *err);
int cr_args_environment(struct cr_args *a, struct cr_err *err);

/* Whether all that was given goes with one verb. */
int cr_args_check_verb(const struct cr_args *a, unsigned int verb, struct cr_err *err);

/* The verbs of a row, as "list, kill"; "" where it is not about verbs. */
const char *cr_args_verbs(const struct cr_args *a, const struct cr_arg *r, char *out);

/* For those who go through the rows of the program: its next code, -1 behind the last. */
#define CR_ARGS_FIRST 256 /* what getopt_long() returns for the first row */
#define cr_args_each(a, code) \
	for (int code = cr_args_next(a, CR_ARGS_FIRST - 1); code >= 0; code = cr_args_next(a, code))
int cr_args_next(const struct cr_args *a, int code);
const struct cr_arg *cr_args_row(const struct cr_args *a, int code);
/* A number of a kind, with its unit. out has CR_UNIT_TEXT bytes. */
const char *cr_args_number(enum cr_arg_kind kind, double v, char *out);

/* One value as text. out has CR_ARG_VALUE bytes; it or the text itself is returned. */
#define CR_ARG_VALUE 64
const char *cr_arg_value(const struct cr_arg *r, const void *options, char *out);
/* Sets one, of which source tells. */
int cr_arg_set(const struct cr_arg *r, void *options, const char *value, const char *source,
	       struct cr_err *err);
