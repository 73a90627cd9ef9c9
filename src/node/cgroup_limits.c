// SPDX-License-Identifier: Apache-2.0
//
// Limits of cgroups, version 2 and 1. All levels above ours count, as each is a limit for us. What
// cannot be read is no limit: a path that a container's mount does not show ends at its root, which
// is the container's own level.
#include "node/cgroup_limits.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/io.h"

#define NONE_BYTES 1e18 /* version 1 has a number for "no limit" */

/* What a version calls its files, and the unit of use in seconds. */
struct version {
	const char *limit, *used, *inactive, *quota, *period, *usage;
	double unit;
};

static const struct version v2 = {
	"memory.max", "memory.current", "\ninactive_file ", "cpu.max", NULL, "cpu.stat", 1e-6,
};
static const struct version v1 = {
	"memory.limit_in_bytes",
	"memory.usage_in_bytes",
	"\ntotal_inactive_file ",
	"cpu.cfs_quota_us",
	"cpu.cfs_period_us",
	"cpuacct.usage",
	1e-9,
};

/* One level of one hierarchy. */
struct level {
	int root;
	const char *base, *path;
};

/* A file's text, or NULL. */
static char *level_text(const struct level *l, const char *file)
{
	char path[PATH_MAX], *text = NULL;

	if (snprintf(path, sizeof(path), "%s%s/%s", l->base, l->path, file) >= PATH_MAX ||
	    cr_slurp(l->root, path, &text) < 0)
		return NULL;
	return text;
}

/* The first number behind a word; NAN: there is none. */
static double number_behind(const char *text, const char *word)
{
	const char *at = text ? strstr(text, word) : NULL;
	double value;

	return at && sscanf(at + strlen(word), "%lf", &value) == 1 ? value : NAN;
}

static double level_number(const struct level *l, const char *file, const char *word)
{
	cr_auto_free char *text = level_text(l, file);

	/* "max" is none, and so is -1. */
	return text && *text == 'm' ? NAN : number_behind(text, word);
}

static void look_at_memory(const struct level *l, const struct version *v,
			   struct cr_cgroup_limits *out)
{
	double limit = level_number(l, v->limit, ""), used, inactive, left;
	cr_auto_free char *stat = NULL;

	if (!(limit < NONE_BYTES))
		return;
	used = level_number(l, v->used, "");
	if (isnan(used))
		return;
	stat = level_text(l, "memory.stat");
	inactive = number_behind(stat, v->inactive);
	left = limit - used + (isnan(inactive) ? 0 : inactive);
	left = left < 0 ? 0 : left > limit ? limit : left;
	if (left >= out->memory_available)
		return;
	out->memory_bytes = limit;
	out->memory_available = left;
	if (v == &v2)
		snprintf(out->pressure, sizeof(out->pressure), "%.2000s%.2000s", l->base, l->path);
}

static double quota_of(const struct level *l, const struct version *v)
{
	double quota, period = NAN;
	cr_auto_free char *text = level_text(l, v->quota);

	if (!text || *text == 'm' || sscanf(text, "%lf %lf", &quota, &period) < 1 || quota <= 0)
		return NAN;
	if (v->period)
		period = level_number(l, v->period, "");
	return quota / period;
}

static void look_at_cpu(const struct level *l, const struct version *v, const char *usage_base,
			struct cr_cgroup_limits *out)
{
	struct level u = { l->root, usage_base, l->path };
	double cpus = quota_of(l, v), used;

	if (isnan(cpus) || cpus >= out->cpus)
		return;
	used = level_number(&u, v->usage, v == &v2 ? "usage_usec " : "");
	if (isnan(used))
		return;
	out->cpus = cpus;
	out->cpu_used = used * v->unit;
	if (v == &v2)
		snprintf(out->pressure, sizeof(out->pressure), "%.2000s%.2000s", l->base, l->path);
}

/* Our own level and all above. */
static void look_at_levels(int root, char *path, const char *controllers,
			   struct cr_cgroup_limits *out)
{
	char list[256];
	bool unified = !*controllers, memory, cpu;
	size_t len = strlen(path);

	snprintf(list, sizeof(list), ",%s,", controllers);
	memory = unified || strstr(list, ",memory,");
	cpu = unified || strstr(list, ",cpu,");
	while (len && path[len - 1] == '/')
		path[--len] = 0;
	for (;;) {
		struct level m = { root, unified ? "sys/fs/cgroup" : "sys/fs/cgroup/memory", path };
		struct level c = { root, unified ? "sys/fs/cgroup" : "sys/fs/cgroup/cpu", path };

		if (memory)
			look_at_memory(&m, unified ? &v2 : &v1, out);
		if (cpu)
			look_at_cpu(&c, unified ? &v2 : &v1,
				    unified ? c.base : "sys/fs/cgroup/cpuacct", out);
		if (!*path)
			return;
		*(strrchr(path, '/') ?: path) = 0;
	}
}

void cr_cgroup_limits(int root, struct cr_cgroup_limits *out)
{
	cr_auto_free char *text = NULL;
	char *line, *save = NULL;

	out->memory_bytes = out->memory_available = out->cpus = INFINITY;
	out->cpu_used = NAN;
	out->pressure[0] = 0;
	if (cr_slurp(root, "proc/self/cgroup", &text) < 0)
		text = NULL;
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		look_at_levels(root, path, controllers + 1, out);
	}
	if (isinf(out->memory_bytes))
		out->memory_bytes = out->memory_available = NAN;
	if (isinf(out->cpus))
		out->cpus = NAN;
}
