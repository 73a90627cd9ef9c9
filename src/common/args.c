// SPDX-License-Identifier: Apache-2.0
//
// Reading tables of options. What a list in the environment was copied to is never freed: options
// point into it until the end.
#include "common/args.h"
#include "common/err.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"

#define FIRST_CODE 256 /* what getopt_long() returns for the first row */
#define SET_MAX 64

/* ---- values ---- */

static void put_whole(const struct cr_arg *r, void *to, int64_t v)
{
	if (r->size == sizeof(bool))
		*(bool *)to = v;
	else if (r->size == sizeof(int32_t))
		*(int32_t *)to = v;
	else
		*(int64_t *)to = v;
}

static int64_t get_whole(const struct cr_arg *r, const void *from)
{
	return r->size == sizeof(bool)	  ? *(const bool *)from :
	       r->size == sizeof(int32_t) ? *(const int32_t *)from :
					    *(const int64_t *)from;
}

static int set_number(const struct cr_arg *r, void *to, const char *value, const char *source,
		      struct cr_err *err)
{
	bool whole = r->kind == CR_ARG_WHOLE;
	char *end;
	double v = strtod(value, &end);

	if (r->word && !strcmp(value, r->word))
		v = -1;
	else if (end == value || *end || !(v >= r->min && v <= r->max) || (whole && v != floor(v)))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "%s: '%s' is not a%s number from %g to %g%s%s", source, value,
			       whole ? " whole" : "", r->min, r->max, r->word ? " nor " : "",
			       r->word ?: "");
	if (whole)
		put_whole(r, to, v);
	else
		*(double *)to = v;
	return 0;
}

/* The word at p; next is the one behind it, NULL if there is none. */
static size_t args_word(const char *p, const char **next)
{
	size_t len = strcspn(p, "|");

	*next = p[len] ? p + len + 1 : NULL;
	return len;
}

static int not_among(const struct cr_arg *r, const char *value, const char *source,
		     struct cr_err *err)
{
	char list[256] = "";
	const char *p = r->argument, *next;
	size_t len, at = 0;

	for (; p && at < sizeof(list); p = next) {
		len = args_word(p, &next);
		at += snprintf(list + at, sizeof(list) - at, "%s%.*s",
			       !at  ? "" :
			       next ? ", " :
				      " or ",
			       (int)len, p);
	}
	return cr_fail(err, CR_EXIT_USAGE, 0, "%s: '%s' is not %s", source, value, list);
}

static int set_choice(const struct cr_arg *r, void *to, const char *value, const char *source,
		      struct cr_err *err)
{
	const char *p = r->argument, *next;
	int64_t n = r->min;

	for (; p; p = next, n++) {
		size_t len = args_word(p, &next);

		if (strlen(value) != len || strncmp(p, value, len))
			continue;
		put_whole(r, to, n);
		return 0;
	}
	return not_among(r, value, source, err);
}

static int args_append(const struct cr_arg *r, struct cr_arg_list *list, const char *value,
		       const char *source, struct cr_err *err)
{
	size_t max = r->max ? r->max : CR_ARG_LIST_MAX;

	if (list->n == max)
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s %s: at most %zu of them", source, value,
			       max);
	list->v[list->n++] = value;
	return 0;
}

int cr_arg_set(const struct cr_arg *r, void *options, const char *value, const char *source,
	       struct cr_err *err)
{
	void *to = (char *)options + r->offset;
	int ret = r->check ? r->check(value, err) : 0;

	if (ret)
		return ret < 0 ? ret : -EINVAL;
	switch (r->kind) {
	case CR_ARG_FLAG:
		*(bool *)to = !value || (*value && strcmp(value, "0"));
		return 0;
	case CR_ARG_TEXT:
		*(const char **)to = value;
		return 0;
	case CR_ARG_REAL:
	case CR_ARG_WHOLE:
		return set_number(r, to, value, source, err);
	case CR_ARG_CHOICE:
		return set_choice(r, to, value, source, err);
	case CR_ARG_LIST:
		return r->add ? r->add(to, value, err) : args_append(r, to, value, source, err);
	}
	return -EINVAL;
}

const char *cr_arg_value(const struct cr_arg *r, const void *options, char *out)
{
	const void *from = (const char *)options + r->offset;
	const char *p = r->argument, *next = p, *text;
	int64_t n = 0;

	*out = 0;
	switch (r->kind) {
	case CR_ARG_TEXT:
		text = *(const char *const *)from;
		return text ? text : out;
	case CR_ARG_REAL:
		if (r->word && *(const double *)from == -1)
			return r->word;
		snprintf(out, CR_ARG_VALUE, "%g", *(const double *)from);
		break;
	case CR_ARG_FLAG:
	case CR_ARG_WHOLE:
		snprintf(out, CR_ARG_VALUE, "%lld", (long long)get_whole(r, from));
		break;
	case CR_ARG_CHOICE:
		for (n = get_whole(r, from) - r->min; next && n >= 0; n--) {
			p = next;
			snprintf(out, CR_ARG_VALUE, "%.*s", (int)args_word(p, &next), p);
		}
		break;
	case CR_ARG_LIST:
		break;
	}
	return out;
}

/* ---- rows ---- */

/* The next row of the program, -1 behind the last. code is what getopt_long() gives for it. */
static int next_row(const struct cr_args *a, int code)
{
	for (code++; code < FIRST_CODE + SET_MAX * (int)CR_ARRAY_SIZE(a->sets); code++) {
		int i = code - FIRST_CODE;
		const struct cr_arg_set *s = &a->sets[i / SET_MAX];
		const struct cr_arg *r = &s->rows[i % SET_MAX];

		if ((size_t)(i % SET_MAX) < s->n &&
		    (!r->programs || !a->programs || r->programs & a->programs))
			return code;
	}
	return -1;
}

#define each_row(a, code) \
	for (int code = next_row(a, FIRST_CODE - 1); code >= 0; code = next_row(a, code))

static const struct cr_arg *row(const struct cr_args *a, int code)
{
	return &a->sets[(code - FIRST_CODE) / SET_MAX].rows[(code - FIRST_CODE) % SET_MAX];
}

static bool is_given(const struct cr_args *a, int code)
{
	return a->sets[(code - FIRST_CODE) / SET_MAX].given >> (code - FIRST_CODE) % SET_MAX & 1;
}

static int args_give(struct cr_args *a, int code, const char *value, const char *source,
		     struct cr_err *err)
{
	struct cr_arg_set *s = &a->sets[(code - FIRST_CODE) / SET_MAX];

	s->given |= 1ull << (code - FIRST_CODE) % SET_MAX;
	return cr_arg_set(row(a, code), s->options, value, source, err);
}

/* ---- where they come from ---- */

/* What options point into lives as long as the program. */
static struct kept {
	struct kept *next;
	char text[];
} *kept;

static char *keep(const char *value)
{
	struct kept *k = malloc(sizeof(*k) + strlen(value) + 1);

	if (!k)
		return NULL;
	strcpy(k->text, value);
	k->next = kept;
	kept = k;
	return k->text;
}

/* Those that add to each other, or the others, which the command line wins over. */
static int from_environment(struct cr_args *a, bool adds, struct cr_err *err)
{
	int ret = 0;

	each_row(a, code)
	{
		const struct cr_arg *r = row(a, code);
		const char *value = r->environment ? getenv(r->environment) : NULL;
		char *copy, *part, *save = NULL;

		if (!value || !*value || r->adds != adds || is_given(a, code))
			continue;
		if (r->kind != CR_ARG_LIST) {
			ret = args_give(a, code, value, r->environment, err);
		} else {
			copy = keep(value);
			if (!copy)
				return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "%s", r->environment);
			part = strtok_r(copy, r->by ? r->by : " ", &save);
			for (; part && !ret; part = strtok_r(NULL, r->by ? r->by : " ", &save))
				ret = args_give(a, code, part, r->environment, err);
		}
		if (ret)
			break;
	}
	return ret;
}

int cr_args_environment(struct cr_args *a, struct cr_err *err)
{
	return from_environment(a, false, err);
}

int cr_args_begin(struct cr_args *a, struct cr_err *err)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; i < CR_ARRAY_SIZE(a->sets); i++)
		for (k = 0; k < a->sets[i].n && !ret; k++)
			if (a->sets[i].rows[k].value)
				ret = cr_arg_set(&a->sets[i].rows[k], a->sets[i].options,
						 a->sets[i].rows[k].value, "default", err);
	return ret ? ret : from_environment(a, true, err);
}

static void fill_getopt(const struct cr_args *a, struct option *longs, char *shorts)
{
	if (!a->anywhere)
		*shorts++ = '+';
	*shorts++ = ':';
	each_row(a, code)
	{
		const struct cr_arg *r = row(a, code);

		if (r->name)
			*longs++ = (struct option){ r->name, r->kind != CR_ARG_FLAG, NULL, code };
		if (!r->letter)
			continue;
		*shorts++ = r->letter;
		if (r->kind != CR_ARG_FLAG)
			*shorts++ = ':';
	}
	strcpy(shorts, a->ignored ? a->ignored : "");
}

static int code_of_letter(const struct cr_args *a, int letter)
{
	each_row(a, code) if (row(a, code)->letter == letter) return code;
	return -1;
}

static int args_refuse(int got, char **argv, struct cr_err *err)
{
	bool letter = optopt > 0 && optopt < FIRST_CODE;
	char text[3] = { '-', optopt, 0 };

	return cr_fail(err, CR_EXIT_USAGE, 0,
		       got == ':'	    ? "%s needs an argument (try --help)" :
		       optopt >= FIRST_CODE ? "%s: this option takes no argument (try --help)" :
					      "unknown option %s (try --help)",
		       letter ? text : argv[optind - 1]);
}

int cr_args_read(struct cr_args *a, int argc, char **argv, struct cr_err *err)
{
	struct option longs[CR_ARRAY_SIZE(a->sets) * SET_MAX + 1] = { 0 };
	char shorts[CR_ARRAY_SIZE(a->sets) * SET_MAX * 2 + 128], source[64];

	fill_getopt(a, longs, shorts);
	opterr = 0;
	optind = a->at; /* 0: getopt begins anew */
	while (!a->ended) {
		int at = optind, code, ret;
		int got = getopt_long(argc, argv, shorts, longs, NULL);

		if (got == -1) {
			a->ended = optind > (at ? at : 1);
			break;
		}
		if (got == '?' || got == ':')
			return args_refuse(got, argv, err);
		code = got >= FIRST_CODE ? got : code_of_letter(a, got);
		if (code < 0)
			continue;
		if (row(a, code)->name)
			snprintf(source, sizeof(source), "--%s", row(a, code)->name);
		else
			snprintf(source, sizeof(source), "-%c", row(a, code)->letter);
		ret = args_give(a, code, optarg, source, err);
		if (ret)
			return ret;
	}
	return a->at = optind;
}

int cr_args_parse(struct cr_args *a, int argc, char **argv, struct cr_err *err)
{
	int ret = cr_args_begin(a, err), first = ret ? ret : cr_args_read(a, argc, argv, err);

	ret = first < 0 ? first : cr_args_environment(a, err);
	return ret ? ret : first;
}

/* ---- verbs and help ---- */

static const char *verb_of(const struct cr_args *a, const struct cr_arg *r)
{
	unsigned int bits = r->programs & a->programs;

	return a->verbs && bits ? a->verbs[__builtin_ctz(bits)] : NULL;
}

int cr_args_check_verb(const struct cr_args *a, unsigned int verb, struct cr_err *err)
{
	each_row(a, code)
	{
		const struct cr_arg *r = row(a, code);

		if (is_given(a, code) && r->programs && !(r->programs & verb))
			return cr_fail(err, CR_EXIT_USAGE, 0, "--%s goes with %s only", r->name,
				       verb_of(a, r));
	}
	return 0;
}

/* 1000000 and 1e12. */
static const char *args_limit(double v, char out[32])
{
	char *e;

	snprintf(out, 32, fabs(v) < 1e8 ? "%.10g" : "%g", v);
	e = strstr(out, "e+");
	if (e)
		snprintf(e, 32 - (e - out), "e%d", atoi(e + 2));
	return out;
}

/* What can be given, and what holds if nothing is. */
static void print_values(const struct cr_arg *r)
{
	bool number = r->kind == CR_ARG_REAL || r->kind == CR_ARG_WHOLE;
	char min[32], max[32];

	if (number)
		printf(" (%s to %s", args_limit(r->min, min), args_limit(r->max, max));
	if (r->value && *r->value)
		printf("%sdefault: %s", number ? "; " : " (", r->value);
	if (number || (r->value && *r->value))
		printf(")");
	if (r->environment)
		printf(" [%s]", r->environment);
	printf("\n");
}

void cr_args_print(const struct cr_args *a)
{
	char left[80], letter[3] = "- ";

	each_row(a, code)
	{
		const struct cr_arg *r = row(a, code);
		const char *verb = verb_of(a, r);

		if (!r->help)
			continue;
		letter[1] = r->letter;
		snprintf(left, sizeof(left), "%s%s%s%s%s%s", r->letter ? letter : "  ",
			 r->letter && r->name ? ", " :
			 r->name	      ? "  " :
						"",
			 r->name ? "--" : "", r->name ? r->name : "", r->argument ? " " : "",
			 r->argument ? r->argument : "");
		printf("  %-30s %s%s%s", left, verb ? verb : "", verb ? ": " : "", r->help);
		print_values(r);
	}
}
