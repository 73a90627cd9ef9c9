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
#include "common/units.h"

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

static double number_of(const struct cr_arg *r, const char *value)
{
	char *end;
	double v;

	if (r->kind == CR_ARG_TIME)
		return cr_time_of(value);
	if (r->kind == CR_ARG_SIZE)
		return floor(cr_size_of(value));
	v = strtod(value, &end);
	return end == value || *end || (r->kind == CR_ARG_WHOLE && v != floor(v)) ? NAN : v;
}

static const char *const number_words[] = {
	[CR_ARG_REAL] = "a number",
	[CR_ARG_WHOLE] = "a whole number",
	[CR_ARG_TIME] = "a time (seconds, or with units: 250ms, 30s, 5m, 1h30m, 2d)",
	[CR_ARG_SIZE] = "a size (whole bytes, or with a unit: 64K, 512M, 10G, 2T)",
};

const char *cr_args_number(enum cr_arg_kind kind, double v, char *out)
{
	return kind == CR_ARG_TIME ? cr_time_text(v, out) :
	       kind == CR_ARG_SIZE ? cr_size_text(v, out) :
				     cr_number_text(v, out);
}

static int set_number(const struct cr_arg *r, void *to, const char *value, const char *source,
		      struct cr_err *err)
{
	char min[CR_UNIT_TEXT], max[CR_UNIT_TEXT];
	double v = number_of(r, value);

	if (r->word && !strcmp(value, r->word)) {
		*(double *)to = -1;
		return 0;
	}
	cr_args_number(r->kind, r->min, min);
	cr_args_number(r->kind, r->max, max);
	if (isnan(v))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s: '%s' is not %s, from %s to %s%s%s",
			       source, value, number_words[r->kind], min, max,
			       r->word ? ", nor " : "", r->word ? r->word : "");
	if (v < r->min || v > r->max)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "%s: %s is out of range, which is from %s to %s", source, value, min,
			       max);
	if (r->kind == CR_ARG_WHOLE || r->kind == CR_ARG_SIZE)
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
	case CR_ARG_TIME:
	case CR_ARG_SIZE:
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
	case CR_ARG_TIME:
		if (r->word && *(const double *)from == -1)
			return r->word;
		snprintf(out, CR_ARG_VALUE, "%g", *(const double *)from);
		break;
	case CR_ARG_FLAG:
	case CR_ARG_WHOLE:
	case CR_ARG_SIZE:
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
int cr_args_next(const struct cr_args *a, int code)
{
	for (code++; code < CR_ARGS_FIRST + SET_MAX * (int)CR_ARRAY_SIZE(a->sets); code++) {
		int i = code - CR_ARGS_FIRST;
		const struct cr_arg_set *s = &a->sets[i / SET_MAX];
		const struct cr_arg *r = &s->rows[i % SET_MAX];

		if ((size_t)(i % SET_MAX) < s->n &&
		    (!r->programs || !a->programs || r->programs & a->programs))
			return code;
	}
	return -1;
}

const struct cr_arg *cr_args_row(const struct cr_args *a, int code)
{
	return &a->sets[(code - CR_ARGS_FIRST) / SET_MAX].rows[(code - CR_ARGS_FIRST) % SET_MAX];
}

static bool is_given(const struct cr_args *a, int code)
{
	return a->sets[(code - CR_ARGS_FIRST) / SET_MAX].given >> (code - CR_ARGS_FIRST) % SET_MAX &
	       1;
}

static int args_give(struct cr_args *a, int code, const char *value, const char *source,
		     struct cr_err *err)
{
	struct cr_arg_set *s = &a->sets[(code - CR_ARGS_FIRST) / SET_MAX];

	s->given |= 1ull << (code - CR_ARGS_FIRST) % SET_MAX;
	return cr_arg_set(cr_args_row(a, code), s->options, value, source, err);
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

	cr_args_each(a, code)
	{
		const struct cr_arg *r = cr_args_row(a, code);
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
	cr_args_each(a, code)
	{
		const struct cr_arg *r = cr_args_row(a, code);

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
	cr_args_each(a, code) if (cr_args_row(a, code)->letter == letter) return code;
	return -1;
}

static int args_refuse(int got, char **argv, struct cr_err *err)
{
	bool letter = optopt > 0 && optopt < CR_ARGS_FIRST;
	char text[3] = { '-', optopt, 0 };

	return cr_fail(err, CR_EXIT_USAGE, 0,
		       got == ':'	       ? "%s needs an argument (try --help)" :
		       optopt >= CR_ARGS_FIRST ? "%s: this option takes no argument (try --help)" :
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
		code = got >= CR_ARGS_FIRST ? got : code_of_letter(a, got);
		if (code < 0)
			continue;
		if (cr_args_row(a, code)->name)
			snprintf(source, sizeof(source), "--%s", cr_args_row(a, code)->name);
		else
			snprintf(source, sizeof(source), "-%c", cr_args_row(a, code)->letter);
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

/* ---- verbs ---- */

const char *cr_args_verbs(const struct cr_args *a, const struct cr_arg *r, char *out)
{
	unsigned int bits = a->verbs ? r->programs & a->programs : 0;
	size_t at = 0;

	for (*out = 0; bits; bits &= bits - 1)
		at += snprintf(out + at, at < CR_ARG_VALUE ? CR_ARG_VALUE - at : 0, "%s%s",
			       at ? ", " : "", a->verbs[__builtin_ctz(bits)]);
	return out;
}

int cr_args_check_verb(const struct cr_args *a, unsigned int verb, struct cr_err *err)
{
	char verbs[CR_ARG_VALUE];

	cr_args_each(a, code)
	{
		const struct cr_arg *r = cr_args_row(a, code);

		if (is_given(a, code) && r->programs && !(r->programs & verb))
			return cr_fail(err, CR_EXIT_USAGE, 0, "--%s goes with %s only", r->name,
				       cr_args_verbs(a, r, verbs));
	}
	return 0;
}
