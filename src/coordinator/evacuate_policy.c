// SPDX-License-Identifier: Apache-2.0
//
// --evacuate: a list of limits with times.
#include "coordinator/evacuate_policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/units.h"
#include "common/xalloc.h"

#define DEFAULT_SECONDS 30
#define MOST_SECONDS 3600
#define USUAL_LIMIT 0.95 /* of memory and disks, where nobody has said another */

static const char *const words[CR_EVAC_MEASURES] = {
	[CR_EVAC_CPU] = "cpu",
	[CR_EVAC_MEMORY] = "mem",
	[CR_EVAC_DISK] = "disk",
	[CR_EVAC_STORE] = "store",
	[CR_EVAC_IO] = "io",
	[CR_EVAC_PSI_CPU] = "psi-cpu",
	[CR_EVAC_PSI_MEMORY] = "psi-mem",
	[CR_EVAC_PSI_IO] = "psi-io",
	[CR_EVAC_LATENCY] = "latency",
};

const char *cr_evac_word(enum cr_evac_measure m)
{
	return words[m];
}

static double part_of(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end != text && !strcmp(end, "%"))
		return v / 100;
	return end != text && !*end ? v : NAN;
}

static int parse_full(const char *value, struct cr_evac_policy *out, struct cr_err *err)
{
	out->full_s = cr_time_of(value);
	if (out->full_s >= 1 && out->full_s <= MOST_SECONDS)
		return 0;
	return cr_fail(err, CR_EXIT_USAGE, 0,
		       "full=%s: the time until it is full, from 1s to 1h, as full=2m", value);
}

static int parse_one(char *item, struct cr_evac_policy *out, struct cr_err *err)
{
	char *value = strchr(item, '='), *time;
	size_t m;

	if (!value)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "'%s' is no limit: WHAT=LIMIT/TIME, as cpu=0.95/30s", item);
	*value++ = 0;
	if (!strcmp(item, "full"))
		return parse_full(value, out, err);
	for (m = 0; m < CR_EVAC_MEASURES && strcmp(words[m], item); m++)
		;
	if (m == CR_EVAC_MEASURES)
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "'%s' cannot be watched: cpu, mem, disk, store, io, psi-cpu, "
			       "psi-mem, psi-io, latency or full",
			       item);
	time = strchr(value, '/');
	if (time)
		*time++ = 0;
	out->of[m].limit = m == CR_EVAC_LATENCY ? cr_time_of(value) : part_of(value);
	out->of[m].seconds = time ? cr_time_of(time) : DEFAULT_SECONDS;
	if (!(out->of[m].limit > 0 && out->of[m].limit <= (m == CR_EVAC_LATENCY ? 60 : 1)))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s=%s: a limit above 0 up to %s", item,
			       value, m == CR_EVAC_LATENCY ? "60s, as 500ms" : "1, as 0.95 or 95%");
	if (!(out->of[m].seconds >= 1 && out->of[m].seconds <= MOST_SECONDS))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s=%s/%s: a time from 1s to 1h, as 30s",
			       item, value, time);
	return 0;
}

int cr_evac_parse(const char *text, struct cr_evac_policy *out, struct cr_err *err)
{
	char *list = cr_xstrdup(text), *save = NULL, *item;
	int ret = 0;

	out->any = false;
	for (item = strtok_r(list, ",", &save); item && !ret; item = strtok_r(NULL, ",", &save)) {
		ret = parse_one(item, out, err);
		out->any = true;
	}
	free(list);
	return ret;
}

int cr_evac_check(const char *text, struct cr_err *err)
{
	struct cr_evac_policy unused = { 0 };

	return cr_evac_parse(text, &unused, err);
}

double cr_evac_place_limit(const struct cr_evac_policy *p, enum cr_evac_measure m)
{
	if (p->of[m].limit > 0)
		return p->of[m].limit * (1 - p->margin);
	if (m == CR_EVAC_MEMORY || m == CR_EVAC_DISK || m == CR_EVAC_STORE)
		return USUAL_LIMIT;
	return INFINITY;
}
