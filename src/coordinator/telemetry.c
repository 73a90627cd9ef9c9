// SPDX-License-Identifier: Apache-2.0
//
// See telemetry.h. A node has two rings: each sample of the last FINE seconds, and one for each
// THIN_MS of the time before. Memory: about 30 KiB a node, from its first sample on.
#include "coordinator/telemetry.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/xalloc.h"

#define FINE 120
#define THIN 120
#define THIN_MS 10000
#define LEAST_MS 200 /* between two: who sends more often shortens no history */
#define OLD_MS 10000

enum form { REAL, PERCENT, WHOLE, WORST };

static const struct {
	size_t has, at;
	enum form form;
} fields[] = {
#define FIELD(name, form)                                                                      \
	{                                                                                      \
		offsetof(cairn_NodeSample, has_##name), offsetof(cairn_NodeSample, name), form \
	}
	FIELD(cpu_percent, PERCENT),	 FIELD(cpus, REAL),
	FIELD(memory_bytes, WHOLE),	 FIELD(memory_available, WHOLE),
	FIELD(psi_cpu_percent, PERCENT), FIELD(psi_memory_percent, PERCENT),
	FIELD(psi_io_percent, PERCENT),	 FIELD(store_bytes, WHOLE),
	FIELD(store_free, WHOLE),	 FIELD(disk_busy_percent, PERCENT),
	FIELD(disk_write_rate, REAL),	 FIELD(disk_read_rate, REAL),
	FIELD(loop_late_ms, WORST),	 FIELD(round_trip_ms, WORST),
	FIELD(disk_bytes, WHOLE),	 FIELD(disk_free, WHOLE),
#undef FIELD
};
#define FIELDS CR_ARRAY_SIZE(fields)

/* NAN: not known. */
struct row {
	int64_t at_ms;
	double v[FIELDS];
};

struct ring {
	struct row *v;
	size_t room, n, next;
};

struct co_telemetry {
	struct ring fine, thin;
	struct row fine_rows[FINE], thin_rows[THIN];
	cairn_NodeSample newest;
	int64_t boot_ms; /* when that came, by CLOCK_BOOTTIME */
	/* What will be the next row of the thin ring. */
	int64_t thin_since_ms;
	double sum[FIELDS];
	unsigned int count[FIELDS];
};

/* ---- rows ---- */

/* Numbers of the network: what is no number, or cannot be, is not known. */
static double telemetry_get(const cairn_NodeSample *s, size_t i)
{
	double v;

	if (!*((const bool *)s + fields[i].has))
		return NAN;
	if (fields[i].form == WHOLE)
		v = *(const uint64_t *)((const char *)s + fields[i].at);
	else
		v = *(const double *)((const char *)s + fields[i].at);
	if (!isfinite(v) || v < 0 || v > 1e18 || (fields[i].form == PERCENT && v > 100))
		return NAN;
	return v;
}

static void telemetry_put(cairn_NodeSample *s, size_t i, double v)
{
	*((bool *)s + fields[i].has) = !isnan(v);
	if (isnan(v))
		return;
	if (fields[i].form == WHOLE)
		*(uint64_t *)((char *)s + fields[i].at) = v;
	else
		*(double *)((char *)s + fields[i].at) = v;
}

static void row_to_sample(const struct row *r, cairn_NodeSample *s)
{
	size_t i;

	*s = (cairn_NodeSample){ .at_ms = r->at_ms };
	for (i = 0; i < FIELDS; i++)
		telemetry_put(s, i, r->v[i]);
}

static void ring_add(struct ring *r, const struct row *row)
{
	r->v[r->next] = *row;
	r->next = (r->next + 1) % r->room;
	if (r->n < r->room)
		r->n++;
}

/* The i-th, oldest first. */
static const struct row *ring_at(const struct ring *r, size_t i)
{
	return &r->v[(r->next + r->room - r->n + i) % r->room];
}

/* ---- thinning ---- */

static void end_thin(struct co_telemetry *t)
{
	struct row row = { .at_ms = t->thin_since_ms + THIN_MS / 2 };
	size_t i;

	for (i = 0; i < FIELDS; i++)
		row.v[i] = !t->count[i]		   ? NAN :
			   fields[i].form == WORST ? t->sum[i] :
						     t->sum[i] / t->count[i];
	ring_add(&t->thin, &row);
	memset(t->sum, 0, sizeof(t->sum));
	memset(t->count, 0, sizeof(t->count));
}

static void thin(struct co_telemetry *t, const struct row *row)
{
	size_t i;

	if (t->thin_since_ms && (row->at_ms - t->thin_since_ms >= THIN_MS ||
				 /* the clock was set back */
				 row->at_ms < t->thin_since_ms)) {
		end_thin(t);
		t->thin_since_ms = 0;
	}
	if (!t->thin_since_ms)
		t->thin_since_ms = row->at_ms;
	for (i = 0; i < FIELDS; i++) {
		if (isnan(row->v[i]))
			continue;
		if (fields[i].form != WORST)
			t->sum[i] += row->v[i];
		else if (row->v[i] > t->sum[i])
			t->sum[i] = row->v[i];
		t->count[i]++;
	}
}

/* ---- for others ---- */

static struct co_telemetry *telemetry_new(void)
{
	struct co_telemetry *t = cr_xcalloc(1, sizeof(*t));

	t->fine = (struct ring){ t->fine_rows, FINE, 0, 0 };
	t->thin = (struct ring){ t->thin_rows, THIN, 0, 0 };
	return t;
}

void co_telemetry_add(struct co_node *n, const cairn_NodeSample *s, int64_t at_ms, int64_t boot_ms)
{
	struct co_telemetry *t = n->telemetry ?: telemetry_new();
	struct row row = { .at_ms = at_ms };
	size_t i;

	n->telemetry = t;
	if (t->boot_ms && boot_ms - t->boot_ms < LEAST_MS)
		return;
	for (i = 0; i < FIELDS; i++)
		row.v[i] = telemetry_get(s, i);
	t->boot_ms = boot_ms;
	row_to_sample(&row, &t->newest);
	ring_add(&t->fine, &row);
	thin(t, &row);
}

const cairn_NodeSample *co_telemetry_newest(const struct co_node *n)
{
	const struct co_telemetry *t = n->telemetry;

	return t && t->boot_ms && co_now() - t->boot_ms < OLD_MS ? &t->newest : NULL;
}

void co_telemetry_each(const struct co_node *n, int64_t since_ms,
		       bool (*each)(const cairn_NodeSample *s, void *arg), void *arg)
{
	const struct co_telemetry *t = n->telemetry;
	const struct ring *const rings[] = { t ? &t->thin : NULL, t ? &t->fine : NULL };
	int64_t fine_from = t && t->fine.n ? ring_at(&t->fine, 0)->at_ms : INT64_MAX;
	cairn_NodeSample s;
	size_t k, i;

	for (k = 0; k < CR_ARRAY_SIZE(rings); k++)
		for (i = 0; rings[k] && i < rings[k]->n; i++) {
			const struct row *r = ring_at(rings[k], i);

			/* What is there in full is not told thinned, too. */
			if (r->at_ms < since_ms || (k == 0 && r->at_ms + THIN_MS / 2 > fine_from))
				continue;
			row_to_sample(r, &s);
			if (!each(&s, arg))
				return;
		}
}

void co_telemetry_free(struct co_node *n)
{
	free(n->telemetry);
	n->telemetry = NULL;
}
