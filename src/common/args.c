// SPDX-License-Identifier: Apache-2.0
//
// Reading a table of options. What a list in the environment was copied to is never freed: options
// point into it until the end.
#include "common/args.h"
#include "common/err.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set(const struct cr_arg *r, void *options, const char *value, const char *source,
	       struct cr_err *err)
{
	void *to = (char *)options + r->offset;
	struct cr_arg_list *list = to;
	char *end;
	double v;

	switch (r->kind) {
	case CR_ARG_FLAG:
		*(bool *)to = !value || (*value && strcmp(value, "0"));
		return 0;
	case CR_ARG_TEXT:
		*(const char **)to = value;
		return 0;
	case CR_ARG_LIST:
		if (list->n == CR_ARG_LIST_MAX)
			return cr_fail(err, CR_EXIT_USAGE, 0, "%s %s: at most %d of them", source,
				       value, CR_ARG_LIST_MAX);
		list->v[list->n++] = value;
		return 0;
	case CR_ARG_NUMBER:
		break;
	}
	v = strtod(value, &end);
	if (end == value || *end || !(v >= r->min && v <= r->max))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s: '%s' is not a number from %g to %g",
			       source, value, r->min, r->max);
	*(double *)to = v;
	return 0;
}

static int from_environment(const struct cr_arg *r, void *options, struct cr_err *err)
{
	const char *value = r->environment ? getenv(r->environment) : NULL;
	char *copy, *part, *save = NULL;
	int ret = 0;

	if (!value || !*value)
		return 0;
	if (r->kind != CR_ARG_LIST)
		return set(r, options, value, r->environment, err);
	copy = strdup(value);
	for (part = copy ? strtok_r(copy, " ", &save) : NULL; part && !ret;
	     part = strtok_r(NULL, " ", &save))
		ret = set(r, options, part, r->environment, err);
	return ret;
}

static const struct cr_arg *row_of(const struct cr_arg *rows, size_t n, int c)
{
	size_t i;

	if (c >= 256)
		return &rows[c - 256];
	for (i = 0; i < n; i++)
		if (rows[i].letter && rows[i].letter == c)
			return &rows[i];
	return NULL;
}

int cr_args_parse(const struct cr_arg *rows, size_t n, void *options, int argc, char **argv,
		  struct cr_err *err)
{
	struct option longs[n + 1];
	char shorts[2 * n + 3], *s = shorts, source[64];
	bool given[n + 1];
	int c, ret = 0;
	size_t i;

	memset(longs, 0, sizeof(longs));
	memset(given, 0, sizeof(given));
	*s++ = '+';
	*s++ = ':';
	for (i = 0; i < n && !ret; i++) {
		bool valued = rows[i].kind != CR_ARG_FLAG;

		longs[i] = (struct option){ rows[i].name, valued, NULL, 256 + i };
		if (rows[i].letter) {
			*s++ = rows[i].letter;
			if (valued)
				*s++ = ':';
		}
		ret = from_environment(&rows[i], options, err);
	}
	*s = 0;
	opterr = 0;
	optind = 1;
	while (!ret && (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct cr_arg *r = c == '?' || c == ':' ? NULL : row_of(rows, n, c);

		if (!r)
			return cr_fail(err, CR_EXIT_USAGE, 0,
				       "option %s is unknown or lacks its value (try --help)",
				       argv[optind - 1]);
		snprintf(source, sizeof(source), "--%s", r->name);
		if (r->kind == CR_ARG_LIST && !given[r - rows])
			((struct cr_arg_list *)((char *)options + r->offset))->n = 0;
		given[r - rows] = true;
		ret = set(r, options, optarg, source, err);
	}
	return ret ? ret : optind;
}

void cr_args_print(const struct cr_arg *rows, size_t n)
{
	char left[80];
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
			 rows[i].argument ? rows[i].argument : "");
		if (rows[i].letter)
			printf("  -%c, %-26s %s\n", rows[i].letter, left, rows[i].help);
		else
			printf("      %-26s %s\n", left, rows[i].help);
	}
}
