// SPDX-License-Identifier: Apache-2.0
//
// Tables of options as --help shows them. With CR_HELP_TABLE in the environment, by which the build
// makes the completions of shells, each row is one line, with tabs between what is known of it.
#include "common/args_help.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/args.h"
#include "common/units.h"

#define WIDTH 80
#define TEXT_AT 28

static int width_of(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

/* Words that belong to each other stay on one line: "(0.1 to 1e6;" must be found by people. */
void cr_help_line(const char *left, int at, const char *text)
{
	int column = width_of(left, strlen(left));

	printf("%s", left);
	if (column >= at) {
		printf("\n");
		column = 0;
	}
	printf("%*s", at - column, "");
	column = at;
	while (*text) {
		size_t len = strcspn(text, " ");
		int n = width_of(text, len);

		if (column > at && column + 1 + n > WIDTH) {
			printf("\n%*s", at, "");
			column = at;
		} else if (column > at) {
			printf(" ");
			column++;
		}
		printf("%.*s", (int)len, text);
		column += n;
		text += len + strspn(text + len, " ");
	}
	printf("\n");
}

static bool is_number(const struct cr_arg *r)
{
	return r->kind == CR_ARG_REAL || r->kind == CR_ARG_WHOLE || r->kind == CR_ARG_TIME ||
	       r->kind == CR_ARG_SIZE;
}

/* What holds if nothing is given; a number with its unit. */
static const char *default_of(const struct cr_arg *r, char out[CR_UNIT_TEXT])
{
	if (r->kind == CR_ARG_TIME)
		return cr_time_text(cr_time_of(r->value), out);
	if (r->kind == CR_ARG_SIZE)
		return cr_size_text(cr_size_of(r->value), out);
	return r->value;
}

/* What can be given, and what holds if nothing is. */
static void values_of(const struct cr_arg *r, char *out, size_t room)
{
	bool number = is_number(r), usual = r->value && *r->value;
	char min[CR_UNIT_TEXT], max[CR_UNIT_TEXT], value[CR_UNIT_TEXT];
	size_t at = 0;

	*out = 0;
	if (number)
		at += snprintf(out + at, room - at, " (%s to %s",
			       cr_args_number(r->kind, r->min, min),
			       cr_args_number(r->kind, r->max, max));
	if (usual)
		at += snprintf(out + at, room - at, "%sdefault: %s", number ? "; " : " (",
			       default_of(r, value));
	if (number || usual)
		at += snprintf(out + at, room - at, ")");
	if (r->environment)
		snprintf(out + at, room - at, " [%s]", r->environment);
}

static void print_row(const struct cr_args *a, const struct cr_arg *r)
{
	char left[128], text[512], values[192], letter[3] = { '-', r->letter, 0 };
	char verbs[CR_ARG_VALUE];

	snprintf(left, sizeof(left), "  %s%s%s%s%s%s ", r->letter ? letter : "  ",
		 r->letter && r->name ? ", " :
		 r->name	      ? "  " :
					"",
		 r->name ? "--" : "", r->name ? r->name : "", r->argument ? " " : "",
		 r->argument ? r->argument : "");
	values_of(r, values, sizeof(values));
	cr_args_verbs(a, r, verbs);
	snprintf(text, sizeof(text), "%s%s%s%s", verbs, *verbs ? ": " : "", r->help, values);
	cr_help_line(left, TEXT_AT, text);
}

/* Of a row: its letter, name, argument and help. */
static void put_row(const struct cr_arg *r)
{
	printf("\toption\t%.1s\t%s\t%s\t%s\n", (const char[]){ r->letter, 0 },
	       r->name ? r->name : "", r->argument ? r->argument : "", r->help);
}

void cr_args_print(const struct cr_args *a)
{
	bool table = getenv("CR_HELP_TABLE");

	cr_args_each(a, code)
	{
		const struct cr_arg *r = cr_args_row(a, code);

		if (r->help && table)
			put_row(r);
		else if (r->help)
			print_row(a, r);
	}
}
