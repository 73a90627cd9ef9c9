// SPDX-License-Identifier: Apache-2.0
//
// See node_trend.h.
#include "coordinator/node_trend.h"

#include <math.h>

#include "common/defs.h"
#include "coordinator/telemetry.h"

#define POINTS 128

/* What is left of each room, over time. */
struct series {
	int64_t from_ms;
	struct cr_trend_point v[CR_EVAC_ROOMS][POINTS];
	size_t n[CR_EVAC_ROOMS];
};

const char *co_node_room(enum cr_evac_room room)
{
	static const char *const names[CR_EVAC_ROOMS] = { "memory", "disk", "store" };

	return names[room];
}

static void node_trend_add(struct series *s, enum cr_evac_room room, int64_t at_ms, bool has,
			   uint64_t left)
{
	if (has && s->n[room] < POINTS)
		s->v[room][s->n[room]++] =
			(struct cr_trend_point){ (at_ms - s->from_ms) / 1e3, left };
}

static bool on_sample(const cairn_NodeSample *sample, void *arg)
{
	struct series *s = arg;

	node_trend_add(s, CR_EVAC_ROOM_MEMORY, sample->at_ms, sample->has_memory_available,
		       sample->memory_available);
	node_trend_add(s, CR_EVAC_ROOM_DISK, sample->at_ms, sample->has_disk_free,
		       sample->disk_free);
	node_trend_add(s, CR_EVAC_ROOM_STORE, sample->at_ms, sample->has_store_free,
		       sample->store_free);
	return true;
}

static struct cr_trend_left trend_from(const struct cr_trend_point *p, size_t n, double from_s)
{
	struct cr_trend t;

	while (n && p->at_s < from_s) {
		p++;
		n--;
	}
	if (cr_trend_fit(p, n, &t))
		return cr_trend_left(&t);
	return (struct cr_trend_left){ INFINITY, INFINITY, INFINITY, 0 };
}

void co_node_trend(const struct co_node *n, double window_s, int64_t since_ms, int64_t now_ms,
		   struct cr_trend_left left[CR_EVAC_ROOMS])
{
	static struct series s;
	int64_t from = now_ms - window_s * 1000;
	int i;

	s.from_ms = from > since_ms ? from : since_ms;
	for (i = 0; i < CR_EVAC_ROOMS; i++)
		s.n[i] = 0;
	co_telemetry_each(n, s.from_ms, on_sample, &s);
	for (i = 0; i < CR_EVAC_ROOMS; i++) {
		double third = (now_ms - s.from_ms) / 1e3 - window_s / 3;
		struct cr_trend_left soon = trend_from(s.v[i], s.n[i], third);

		left[i] = trend_from(s.v[i], s.n[i], 0);
		if (soon.most < window_s / 3 && soon.most < left[i].most)
			left[i] = soon;
	}
}
