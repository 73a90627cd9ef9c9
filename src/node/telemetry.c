// SPDX-License-Identifier: Apache-2.0
//
// See telemetry.h. What is measured is in gauges.c; here is when. On an idle node this and the rest
// of crnode must cost next to nothing: a few small files are read, once a second.
#include "node/telemetry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "common/xalloc.h"
#include "node/beat.h"
#include "node/gauges.h"
#include "node/node_run.h"

#define SAMPLE_NS 1000000000ll

struct cr_node_telemetry {
	int root;
	dev_t disk, store; /* block device, file system */
	struct cr_gauges last;
	int64_t at_ns; /* when that was read, 0: not yet */
	int64_t late_ns, round_trip_ns; /* the worst since then; 0: none */
	cairn_NodeSample sample;
	bool fresh; /* the sample has not been told */
	unsigned int load_percent;
};

static void take_load(struct cr_node_telemetry *t)
{
	double load = 0;

	getloadavg(&load, 1);
	t->load_percent = load * 100 / sysconf(_SC_NPROCESSORS_ONLN);
}

int cr_telemetry_init(struct cr_node *n, struct cr_err *err)
{
	const char *root = n->options.host_root;
	struct cr_node_telemetry *t = cr_xcalloc(1, sizeof(*t));
	struct stat st;

	n->telemetry = t;
	t->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->root < 0)
		return cr_fail(err, CR_EXIT_USAGE, errno, "--host-root %s", root);
	/* Of a file that is in the store for certain. */
	if (!fstat(n->lock, &st)) {
		t->store = st.st_dev;
		t->disk = cr_gauges_disk(t->root, st.st_dev);
	}
	take_load(t);
	return 0;
}

void cr_telemetry_free(struct cr_node *n)
{
	if (!n->telemetry)
		return;
	cr_close_fd(&n->telemetry->root);
	free(n->telemetry);
	n->telemetry = NULL;
}

/* Where jobs work, as like as not; a store often has a file system of its own. */
static void take_disk(const struct cr_node_telemetry *t, cairn_NodeSample *s)
{
	struct statvfs v;
	struct stat st;

	if (fstat(t->root, &st) || st.st_dev == t->store || fstatvfs(t->root, &v))
		return;
	s->has_disk_bytes = s->has_disk_free = true;
	s->disk_bytes = (uint64_t)v.f_blocks * v.f_frsize;
	s->disk_free = (uint64_t)v.f_bavail * v.f_frsize;
}

static void take_sample(struct cr_node *n, struct cr_node_telemetry *t, int64_t now)
{
	int64_t round_trip = cr_beats_round_trip(n);
	cairn_NodeSample *s = &t->sample;
	struct cr_gauges g;

	take_load(t);
	cr_gauges_read(t->root, t->disk, &g);
	if (t->at_ns) {
		*s = (cairn_NodeSample){ 0 };
		cr_gauges_sample(&t->last, &g, (now - t->at_ns) / 1e9, s);
		s->has_store_bytes = s->has_store_free = n->store_bytes;
		s->store_bytes = n->store_bytes;
		s->store_free = n->store_free;
		take_disk(t, s);
		s->has_loop_late_ms = true;
		s->loop_late_ms = t->late_ns / 1e6;
		round_trip = round_trip ? round_trip : t->round_trip_ns;
		s->has_round_trip_ms = round_trip > 0;
		s->round_trip_ms = round_trip / 1e6;
		t->fresh = true;
	}
	t->last = g;
	t->at_ns = now;
	t->late_ns = t->round_trip_ns = 0;
}

void cr_telemetry_tick(struct cr_node *n, int64_t now, int64_t due_ns)
{
	struct cr_node_telemetry *t = n->telemetry;

	if (now - due_ns > t->late_ns)
		t->late_ns = now - due_ns;
	if (now - t->at_ns >= SAMPLE_NS)
		take_sample(n, t, now);
}

void cr_telemetry_answered(struct cr_node *n, int64_t sent_ns)
{
	int64_t took = cr_node_now() - sent_ns;

	if (took > n->telemetry->round_trip_ns)
		n->telemetry->round_trip_ns = took;
}

void cr_telemetry_put(struct cr_node *n, cairn_Heartbeat *h)
{
	h->load_percent = n->telemetry->load_percent;
	h->has_sample = n->telemetry->fresh;
	if (h->has_sample)
		h->sample = n->telemetry->sample;
	n->telemetry->fresh = false;
}
