// SPDX-License-Identifier: Apache-2.0
//
// Times and sizes with units. Hosted code.
#include "common/units.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"

struct unit {
	const char *name;
	double worth;
};

static const struct unit times[] = {
	{ "d", 86400 }, { "h", 3600 },	 { "m", 60 }, { "min", 60 },
	{ "s", 1 },	{ "ms", 0.001 }, { "", 1 },
};

static const struct unit sizes[] = {
	{ "P", 1125899906842624.0 },
	{ "T", 1099511627776.0 },
	{ "G", 1073741824.0 },
	{ "M", 1048576 },
	{ "K", 1024 },
	{ "", 1 },
};

/* strtod() takes more than decimal numbers: 0x10, inf, nan. */
static bool is_decimal(const char *p)
{
	p += *p == '-' || *p == '+';
	return (isdigit(*p) && tolower(p[1]) != 'x') || (*p == '.' && isdigit(p[1]));
}

/* Parts in falling order, as 1h30m; a plain number stands alone. */
double cr_time_of(const char *text)
{
	double sum = 0, before = INFINITY;
	char *end;

	do {
		double v = is_decimal(text) ? strtod(text, &end) : NAN;
		size_t i, len;

		if (isnan(v) || (text[0] == '-' && before < INFINITY))
			return NAN;
		len = strcspn(end, "+-.0123456789");
		for (i = 0; i < CR_ARRAY_SIZE(times); i++)
			if (strlen(times[i].name) == len && !strncmp(times[i].name, end, len))
				break;
		if (i == CR_ARRAY_SIZE(times) || times[i].worth >= before ||
		    (!len && (before < INFINITY || *end)))
			return NAN;
		sum += v * times[i].worth;
		before = times[i].worth;
		text = end + len;
	} while (*text);
	return sum;
}

double cr_size_of(const char *text)
{
	char *end;
	double v = is_decimal(text) ? strtod(text, &end) : NAN;
	size_t i;

	if (isnan(v))
		return NAN;
	for (i = 0; i < CR_ARRAY_SIZE(sizes); i++) {
		size_t len = strlen(sizes[i].name);

		if (toupper(*end) != *sizes[i].name)
			continue;
		end += len;
		if (len && !strcmp(end, "iB"))
			end += 2;
		/* There is no part of a byte. */
		return *end || (!len && v != floor(v)) ? NAN : v * sizes[i].worth;
	}
	return NAN;
}

const char *cr_number_text(double v, char out[CR_UNIT_TEXT])
{
	char *e;

	snprintf(out, CR_UNIT_TEXT, fabs(v) < 1e8 ? "%.10g" : "%g", v);
	e = strstr(out, "e+");
	if (e)
		snprintf(e, CR_UNIT_TEXT - (e - out), "e%d", atoi(e + 2));
	return out;
}

/* Round numbers of the smallest unit are left as they are: 1e9s is not 11574d1h46m40s. */
static const char *in_units(const struct unit *of, double v, const char *plain, char *out)
{
	char number[CR_UNIT_TEXT];

	for (; *of->name; of++)
		if (v >= of->worth && v / of->worth < 1e6 && v / of->worth == (long)(v / of->worth))
			return snprintf(out, CR_UNIT_TEXT, "%g%s", v / of->worth, of->name), out;
	snprintf(out, CR_UNIT_TEXT, "%s%s", cr_number_text(v, number), plain);
	return out;
}

const char *cr_time_text(double seconds, char out[CR_UNIT_TEXT])
{
	double ms = seconds < 1 ? (long)(seconds * 1e6 + 0.5) / 1e3 : 0;

	if (seconds > 0 && seconds < 1 && ms >= 1)
		return snprintf(out, CR_UNIT_TEXT, "%gms", ms), out;
	return in_units(times, seconds, seconds ? "s" : "", out);
}

const char *cr_size_text(double bytes, char out[CR_UNIT_TEXT])
{
	return in_units(sizes, bytes, "", out);
}
