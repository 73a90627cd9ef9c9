// SPDX-License-Identifier: Apache-2.0
//
// See outlook.h. Trends are worked out when they are asked for, once for each sample.
#include "coordinator/outlook.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "coordinator/evacuate.h"
#include "coordinator/node_trend.h"
#include "coordinator/telemetry.h"

#define SHOWN_S 86400 /* what is full later than that is not shown */

/* Of a node. */
struct watched {
	struct cr_evac_watch watch;
	struct cr_trend_left left[CR_EVAC_ROOMS];
	int64_t trend_ms, trend_since_ms; /* CLOCK_REALTIME: of that; not by what was before */
};

struct co_outlook {
	struct cr_evac_policy policy;
	CR_LIST(struct watched) nodes; /* by their index */
};

static int64_t wall_ms(void)
{
	return cr_now_ns(CLOCK_REALTIME) / 1000000;
}

const struct cr_evac_policy *co_outlook_policy(const struct co *c)
{
	return &c->outlook->policy;
}

static struct watched *watched(const struct co_node *n)
{
	struct co_outlook *o = n->c->outlook;

	while (o->nodes.n <= n->index)
		cr_xlist_add(&o->nodes);
	return &o->nodes.v[n->index];
}

struct cr_evac_watch *co_outlook_watch(const struct co_node *n)
{
	return &watched(n)->watch;
}

void co_outlook_left(struct co_node *n, int64_t now_ms)
{
	struct watched *w = watched(n);

	cr_evac_left(&w->watch, now_ms);
	w->trend_since_ms = wall_ms();
}

static const struct cr_trend_left *trend_of(const struct co_node *n)
{
	struct co_outlook *p = n->c->outlook;
	const cairn_NodeSample *newest = co_telemetry_newest(n);
	struct watched *w = watched(n);

	if (!newest || w->trend_ms != newest->at_ms)
		co_node_trend(n, p->policy.window_s, w->trend_since_ms, wall_ms(), w->left);
	w->trend_ms = newest ? newest->at_ms : 0;
	return w->left;
}

static double part_used(bool has, uint64_t all, bool has_free, uint64_t left)
{
	return has && has_free && all ? 1 - (double)left / all : NAN;
}

static double as_part(bool has, double percent)
{
	return has ? percent / 100 : NAN;
}

static double latency(const cairn_NodeSample *s)
{
	double late = s->has_loop_late_ms ? s->loop_late_ms : 0;

	return (s->has_round_trip_ms && s->round_trip_ms > late ? s->round_trip_ms : late) / 1000;
}

static void describe_values(const cairn_NodeSample *s, struct cr_evac_node *to)
{
	double *v = to->value;

	v[CR_EVAC_CPU] = as_part(s->has_cpu_percent, s->cpu_percent);
	v[CR_EVAC_MEMORY] = part_used(s->has_memory_bytes, s->memory_bytes, s->has_memory_available,
				      s->memory_available);
	v[CR_EVAC_DISK] =
		part_used(s->has_disk_bytes, s->disk_bytes, s->has_disk_free, s->disk_free);
	v[CR_EVAC_STORE] =
		part_used(s->has_store_bytes, s->store_bytes, s->has_store_free, s->store_free);
	v[CR_EVAC_IO] = as_part(s->has_disk_busy_percent, s->disk_busy_percent);
	v[CR_EVAC_PSI_CPU] = as_part(s->has_psi_cpu_percent, s->psi_cpu_percent);
	v[CR_EVAC_PSI_MEMORY] = as_part(s->has_psi_memory_percent, s->psi_memory_percent);
	v[CR_EVAC_PSI_IO] = as_part(s->has_psi_io_percent, s->psi_io_percent);
	v[CR_EVAC_LATENCY] = latency(s);
	to->cpus = s->has_cpus ? s->cpus : NAN;
	to->memory_bytes = s->has_memory_bytes ? s->memory_bytes : NAN;
	to->store_bytes = s->has_store_bytes ? s->store_bytes : NAN;
}

void co_outlook_describe(const struct co_node *n, struct cr_evac_node *to)
{
	const cairn_NodeSample *s = n->up ? co_telemetry_newest(n) : NULL;
	int i;

	*to = (struct cr_evac_node){ .name = n->hello.name };
	for (i = 0; i < CR_EVAC_MEASURES; i++)
		to->value[i] = NAN;
	to->watch = &watched(n)->watch;
	memcpy(to->left, trend_of(n), sizeof(to->left));
	if (s)
		describe_values(s, to);
}

/* ---- what is shown ---- */

static void show_trend(const struct co_node *n, cairn_NodeRow *row)
{
	const struct cr_trend_left *left = n->up ? trend_of(n) : NULL, *first = NULL;
	int i;

	for (i = 0; left && i < CR_EVAC_ROOMS; i++)
		if (left[i].most <= SHOWN_S && (!first || left[i].most < first->most)) {
			first = &left[i];
			snprintf(row->full, sizeof(row->full), "%s", co_node_room(i));
		}
	row->has_full = row->has_full_in_s = row->has_full_least_s = row->has_full_most_s =
		row->has_full_r2 = first;
	if (!first)
		return;
	row->full_in_s = first->likely;
	row->full_least_s = first->least;
	row->full_most_s = first->most;
	row->full_r2 = first->r2;
}

void co_outlook_node_row(const struct co_node *n, cairn_NodeRow *row)
{
	struct co *c = n->c;
	struct cr_evac_node one;
	struct cr_evac_cluster cluster = { .policy = &c->outlook->policy, .nodes = &one };

	if (!c->outlook)
		return;
	show_trend(n, row);
	row->has_evacuation = c->outlook->policy.any;
	if (!row->has_evacuation)
		return;
	snprintf(row->evacuation, sizeof(row->evacuation),
		 "%.120s; elsewhere %g %% below that; who was moved stays for %g s%s",
		 c->options.evacuate, c->options.evacuate_margin * 100,
		 c->options.evacuate_cooldown,
		 c->options.evacuate_dry_run ? "; dry run: only told" : "");
	co_outlook_describe(n, &one);
	cr_evac_tell(&cluster, 0, co_now(), row->pressure, sizeof(row->pressure));
	row->has_pressure = *row->pressure;
}

/* ---- the beginning and the end ---- */

int co_outlook_init(struct co *c, struct cr_err *err)
{
	struct co_outlook *o = cr_xcalloc(1, sizeof(*o));

	c->outlook = o;
	o->policy.margin = c->options.evacuate_margin;
	o->policy.cooldown_s = c->options.evacuate_cooldown;
	o->policy.window_s = c->options.evacuate_window;
	return c->options.evacuate ? cr_evac_parse(c->options.evacuate, &o->policy, err) : 0;
}

void co_outlook_free(struct co *c)
{
	if (!c->outlook)
		return;
	free(c->outlook->nodes.v);
	free(c->outlook);
	c->outlook = NULL;
}
