// SPDX-License-Identifier: Apache-2.0
//
// Metrics in Prometheus' text format: of the cluster, of each node, of each job that is not over.
// Base units, and names by its conventions. They are made in parts of some lines, so that however
// many jobs there are, the loop is never held up; all samples of one metric stand together. What
// counts up begins at zero with this process, as tally.c has it.
#include "coordinator/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/xalloc.h"
#include "coordinator/coordinator.h"
#include "coordinator/door.h"
#include "coordinator/http_call.h"
#include "coordinator/http_stream.h"
#include "coordinator/job_pace.h"
#include "coordinator/jobs.h"
#include "coordinator/nodes.h"
#include "coordinator/tally.h"
#include "coordinator/telemetry.h"

/* Nodes or jobs of a part. */
#define PART_ROWS 100
/* A name of 127 bytes, each of which may be two. */
#define LABELS 320

/* ---- of a node ---- */

static double node_up(const struct co_node *n)
{
	return n->up && n->session;
}

static double node_draining(const struct co_node *n)
{
	return n->draining || n->leaving;
}

static double node_members(const struct co_node *n)
{
	return n->live;
}

static double node_load(const struct co_node *n)
{
	return n->load_percent / 100.0;
}

static double node_store(const struct co_node *n)
{
	return n->hello.store_bytes;
}

static double node_store_free(const struct co_node *n)
{
	return n->hello.store_free;
}

static double node_age(const struct co_node *n)
{
	return n->beat_ms ? (co_now() - n->beat_ms) / 1000.0 : NAN;
}

static double node_phi(const struct co_node *n)
{
	double phi = cr_detector_phi(&n->detector, cr_now_ns(CLOCK_BOOTTIME));

	return isfinite(phi) ? phi : INFINITY;
}

/* Those of its newest sample, in base units. */
#define GAUGE(name, field, factor)                                      \
	static double node_##name(const struct co_node *n)              \
	{                                                               \
		const cairn_NodeSample *s = co_telemetry_newest(n);     \
		return s && s->has_##field ? s->field * (factor) : NAN; \
	}

GAUGE(cpu, cpu_percent, 0.01)
GAUGE(cpus, cpus, 1)
GAUGE(memory, memory_bytes, 1)
GAUGE(available, memory_available, 1)
GAUGE(psi_cpu, psi_cpu_percent, 0.01)
GAUGE(psi_memory, psi_memory_percent, 0.01)
GAUGE(psi_io, psi_io_percent, 0.01)
GAUGE(busy, disk_busy_percent, 0.01)
GAUGE(writes, disk_write_rate, 1)
GAUGE(reads, disk_read_rate, 1)
GAUGE(late, loop_late_ms, 0.001)
GAUGE(round_trip, round_trip_ms, 0.001)

/* ---- of a job ---- */

static const struct co_checkpoint *committed(const struct co_job *j)
{
	const struct co_checkpoint *k = j->checkpoints;

	while (k && k->state != CO_COMMITTED)
		k = k->next;
	return k;
}

static double job_unprotected(const struct co_job *j)
{
	return *j->unprotected != 0;
}

static double job_members(const struct co_job *j)
{
	return j->live;
}

static double job_checkpoints(const struct co_job *j)
{
	return j->tally.checkpoints;
}

static double job_bytes(const struct co_job *j)
{
	return j->tally.bytes;
}

static double job_failures(const struct co_job *j)
{
	return j->tally.failures;
}

static double job_recoveries(const struct co_job *j)
{
	return j->tally.recoveries;
}

static double job_migrations(const struct co_job *j)
{
	return j->tally.migrations;
}

static double job_stall(const struct co_job *j)
{
	return j->stall_ns / 1e9;
}

static double job_wall(const struct co_job *j)
{
	return j->wall_ns / 1e9;
}

static double job_committed(const struct co_job *j)
{
	const struct co_checkpoint *k = committed(j);

	return k ? k->at / 1e3 : NAN;
}

static double job_commit_age(const struct co_job *j)
{
	const struct co_checkpoint *k = committed(j);

	return k ? (cr_now_ns(CLOCK_REALTIME) / 1000000 - k->at) / 1e3 : NAN;
}

static double job_interval(const struct co_job *j)
{
	return co_pace(j);
}

/* ---- all of them ---- */

static void put_nodes(struct co_http *h, struct evbuffer *to);
static void put_jobs(struct co_http *h, struct evbuffer *to);
static void put_restarts(struct co_http *h, struct evbuffer *to);
static void put_members(struct co_http *h, struct evbuffer *to);
static void put_info(struct co_http *h, struct evbuffer *to);
static void put_began(struct co_http *h, struct evbuffer *to);
static void put_events(struct co_http *h, struct evbuffer *to);
static void put_sessions(struct co_http *h, struct evbuffer *to);
static void put_streams(struct co_http *h, struct evbuffer *to);
static void put_answered(struct co_http *h, struct evbuffer *to);
static void put_refused(struct co_http *h, struct evbuffer *to);
static void put_cpu(struct co_http *h, struct evbuffer *to);
static void put_memory(struct co_http *h, struct evbuffer *to);

/* Of one of these each. */
static const struct metric {
	const char *name, *type, *help;
	void (*put)(struct co_http *h, struct evbuffer *to);
	double (*node)(const struct co_node *n); /* NaN: it has none */
	double (*job)(const struct co_job *j);
	size_t histogram; /* in the job */
	const double *limits;
} metrics[] = {
	{ "nodes", "gauge", "Nodes by state.", .put = put_nodes },
	{ "jobs", "gauge", "Jobs by state.", .put = put_jobs },
	{ "members", "gauge", "Members of jobs that live.", .put = put_members },
	{ "job_restarts", "gauge", "Restarts of all jobs that are known.", .put = put_restarts },
	{ "coordinator_info", "gauge", "Which coordinator this is.", .put = put_info },
	{ "coordinator_start_time_seconds", "gauge", "When it was started, since 1970.",
	  .put = put_began },
	{ "coordinator_cpu_seconds_total", "counter", "Processor time that it has used.",
	  .put = put_cpu },
	{ "coordinator_resident_memory_bytes", "gauge", "Memory that it uses.", .put = put_memory },
	{ "coordinator_connections", "gauge", "Of nodes and of users.", .put = put_sessions },
	{ "events_total", "counter", "Events since the cluster was made.", .put = put_events },
	{ "http_requests_total", "counter", "Requests over HTTP.", .put = put_answered },
	{ "http_denied_total", "counter", "Those of who may not ask.", .put = put_refused },
	{ "http_streams", "gauge", "Who follows the events over HTTP.", .put = put_streams },

	{ "node_up", "gauge", "Its lease lasts, and it is connected.", .node = node_up },
	{ "node_draining", "gauge", "It is being emptied, or is empty by wish.",
	  .node = node_draining },
	{ "node_members", "gauge", "Members of jobs on it that live.", .node = node_members },
	{ "node_load_ratio", "gauge", "Load average of a minute per processor.",
	  .node = node_load },
	{ "node_store_size_bytes", "gauge", "Size of the file system of its store.",
	  .node = node_store },
	{ "node_store_free_bytes", "gauge", "What is free there.", .node = node_store_free },
	{ "node_heartbeat_age_seconds", "gauge", "Since its newest heartbeat.", .node = node_age },
	{ "node_phi", "gauge", "How surprising its silence is, of the failure detector.",
	  .node = node_phi },

	{ "node_cpu_ratio", "gauge", "How busy the processors are that it may use.",
	  .node = node_cpu },
	{ "node_cpus", "gauge", "How many those are.", .node = node_cpus },
	{ "node_memory_size_bytes", "gauge", "The host's, or what its cgroups leave of it.",
	  .node = node_memory },
	{ "node_memory_available_bytes", "gauge", "What of it is free or can be made so.",
	  .node = node_available },
	{ "node_pressure_cpu_ratio", "gauge", "Time in which some task waited for a processor.",
	  .node = node_psi_cpu },
	{ "node_pressure_memory_ratio", "gauge", "Time in which some task waited for memory.",
	  .node = node_psi_memory },
	{ "node_pressure_io_ratio", "gauge", "Time in which some task waited for a disk.",
	  .node = node_psi_io },
	{ "node_disk_busy_ratio", "gauge", "How busy the disk of its store is.",
	  .node = node_busy },
	{ "node_disk_written_bytes_per_second", "gauge", "Written there.", .node = node_writes },
	{ "node_disk_read_bytes_per_second", "gauge", "Read there.", .node = node_reads },
	{ "node_loop_late_seconds", "gauge", "By which a timer of its crnode was late.",
	  .node = node_late },
	{ "node_round_trip_seconds", "gauge", "From a heartbeat to its answer.",
	  .node = node_round_trip },

	{ "job_unprotected", "gauge", "More would be lost than should be if it failed now.",
	  .job = job_unprotected },
	{ "job_members", "gauge", "Members that live.", .job = job_members },
	{ "job_interval_seconds", "gauge", "Between its checkpoints as asked for; 0: none.",
	  .job = job_interval },
	{ "job_checkpoints_total", "counter", "Checkpoints that were committed.",
	  .job = job_checkpoints },
	{ "job_checkpoint_bytes_total", "counter", "Of their images, one copy each.",
	  .job = job_bytes },
	{ "job_checkpoint_failures_total", "counter", "Checkpoints that failed.",
	  .job = job_failures },
	{ "job_recoveries_total", "counter", "Restarts after a failure.", .job = job_recoveries },
	{ "job_migrations_total", "counter", "Restarts elsewhere because that was wanted.",
	  .job = job_migrations },
	{ "job_stall_seconds", "gauge", "For how long the newest checkpoint stopped the job.",
	  .job = job_stall },
	{ "job_checkpoint_seconds", "gauge", "How long the newest checkpoint took in all.",
	  .job = job_wall },
	{ "job_committed_timestamp_seconds", "gauge", "When the newest checkpoint was committed.",
	  .job = job_committed },
	{ "job_commit_age_seconds", "gauge", "Since the newest checkpoint was committed.",
	  .job = job_commit_age },
	{ "job_checkpoint_stall_seconds", "histogram", "For how long checkpoints stopped the job.",
	  .histogram = offsetof(struct co_job, tally.stall), .limits = co_stall_limits },
	{ "job_checkpoint_duration_seconds", "histogram", "How long checkpoints took in all.",
	  .histogram = offsetof(struct co_job, tally.wall), .limits = co_wall_limits },
};

/* ---- lines ---- */

static void put_number(struct evbuffer *to, const char *name, const char *labels, double value)
{
	const char *form = value == floor(value) && fabs(value) < 1e15 ? "cairn_%s%s %.0f\n" :
									 "cairn_%s%s %.6f\n";

	if (isinf(value))
		evbuffer_add_printf(to, "cairn_%s%s +Inf\n", name, labels);
	else if (!isnan(value))
		evbuffer_add_printf(to, form, name, labels, value);
}

/* As a label's value. */
static void escape(const char *text, char *out)
{
	for (; *text; text++) {
		if (*text == '\n' || *text == '"' || *text == '\\')
			*out++ = '\\';
		*out++ = *text == '\n' ? 'n' : *text;
	}
	*out = 0;
}

static void labels_of_job(const struct co_job *j, char out[LABELS])
{
	char name[2 * CO_NAME + 1];

	escape(j->name, name);
	snprintf(out, LABELS, "{id=\"%llu\",job=\"%s\"", (unsigned long long)j->id, name);
}

static void put_histogram(struct evbuffer *to, const struct metric *m, const char *labels,
			  const struct co_histogram *h)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < CO_BUCKETS; i++) {
		n += h->counts[i];
		evbuffer_add_printf(to, "cairn_%s_bucket%s,le=\"%g\"} %llu\n", m->name, labels,
				    m->limits[i], (unsigned long long)n);
	}
	n += h->counts[i];
	evbuffer_add_printf(to,
			    "cairn_%s_bucket%s,le=\"+Inf\"} %llu\ncairn_%s_sum%s} %.6f\n"
			    "cairn_%s_count%s} %llu\n",
			    m->name, labels, (unsigned long long)n, m->name, labels, h->sum,
			    m->name, labels, (unsigned long long)n);
}

/* One that has not made any has no use for twenty lines of zeros. */
static void put_job(struct evbuffer *to, const struct metric *m, const struct co_job *j)
{
	char labels[LABELS];

	if (co_job_over(j) || (m->limits && !j->tally.checkpoints))
		return;
	labels_of_job(j, labels);
	if (m->limits) {
		put_histogram(to, m, labels, (const void *)((const char *)j + m->histogram));
		return;
	}
	strcat(labels, "}");
	put_number(to, m->name, labels, m->job(j));
}

static void put_node(struct evbuffer *to, const struct metric *m, const struct co_node *n)
{
	char name[2 * CO_NODE + 1], labels[LABELS];

	escape(n->hello.name, name);
	snprintf(labels, sizeof(labels), "{node=\"%s\"}", name);
	put_number(to, m->name, labels, m->node(n));
}

/* ---- of the cluster ---- */

/* One number per state; all states are there, also with zero. */
static void put_states(struct evbuffer *to, const char *name, const char *const *states,
		       const unsigned int *counts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		evbuffer_add_printf(to, "cairn_%s{state=\"%s\"} %u\n", name, states[i], counts[i]);
}

static void count_state(const char *const *states, unsigned int *counts, size_t n,
			const char *state)
{
	size_t i;

	for (i = 0; i < n; i++)
		counts[i] += !strcmp(states[i], state);
}

static void put_nodes(struct co_http *h, struct evbuffer *to)
{
	static const char *const states[] = { "up",	  "suspect", "lost",
					      "draining", "drained", "leaving" };
	unsigned int counts[CR_ARRAY_SIZE(states)] = { 0 };
	size_t i;

	for (i = 0; i < h->c->nodes.n; i++)
		count_state(states, counts, CR_ARRAY_SIZE(states), co_node_state(h->c->nodes.v[i]));
	put_states(to, "nodes", states, counts, CR_ARRAY_SIZE(states));
}

static void put_jobs(struct co_http *h, struct evbuffer *to)
{
	static const char *const states[] = { "starting", "running",	"checkpointing", "ending",
					      "waiting",  "recovering", "stopped",	 "ended",
					      "failed",	  "lost" };
	unsigned int counts[CR_ARRAY_SIZE(states)] = { 0 };
	size_t i;

	for (i = 0; i < h->c->jobs.n; i++)
		count_state(states, counts, CR_ARRAY_SIZE(states), co_job_state(h->c->jobs.v[i]));
	put_states(to, "jobs", states, counts, CR_ARRAY_SIZE(states));
}

static void put_members(struct co_http *h, struct evbuffer *to)
{
	double n = 0;
	size_t i;

	for (i = 0; i < h->c->jobs.n; i++)
		n += h->c->jobs.v[i]->live;
	put_number(to, "members", "", n);
}

static void put_restarts(struct co_http *h, struct evbuffer *to)
{
	double n = 0;
	size_t i;

	for (i = 0; i < h->c->jobs.n; i++)
		if (h->c->jobs.v[i]->state != CO_JOB_FORGOTTEN)
			n += h->c->jobs.v[i]->restarts;
	put_number(to, "job_restarts", "", n);
}

static void put_info(struct co_http *h, struct evbuffer *to)
{
	char name[512];

	/* It may be any text of the operator's. */
	snprintf(name, sizeof(name) / 2, "%s", h->c->options.name);
	escape(strndupa(name, 255), name);
	evbuffer_add_printf(to, "cairn_coordinator_info{cluster=\"%s\",version=\"%s\"} 1\n", name,
			    PACKAGE_VERSION);
}

static void put_began(struct co_http *h, struct evbuffer *to)
{
	put_number(to, "coordinator_start_time_seconds", "", h->began_ms / 1e3);
}

static void put_events(struct co_http *h, struct evbuffer *to)
{
	put_number(to, "events_total", "", h->c->next_event);
}

static void put_sessions(struct co_http *h, struct evbuffer *to)
{
	const struct co_session *s;
	unsigned int n = 0;

	for (s = h->c->sessions; s; s = s->next)
		n += s->link != NULL;
	put_number(to, "coordinator_connections", "", n);
}

static void put_streams(struct co_http *h, struct evbuffer *to)
{
	put_number(to, "http_streams", "", co_streams_count(h->streams));
}

static void put_answered(struct co_http *h, struct evbuffer *to)
{
	put_number(to, "http_requests_total", "", h->answered);
}

static void put_refused(struct co_http *h, struct evbuffer *to)
{
	put_number(to, "http_denied_total", "", h->refused);
}

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

static void put_cpu(struct co_http *h, struct evbuffer *to)
{
	struct rusage r;

	if (!getrusage(RUSAGE_SELF, &r))
		put_number(to, "coordinator_cpu_seconds_total", "",
			   seconds(r.ru_utime) + seconds(r.ru_stime));
}

static void put_memory(struct co_http *h, struct evbuffer *to)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages;

	if (f && fscanf(f, "%*u %lu", &pages) == 1)
		put_number(to, "coordinator_resident_memory_bytes", "",
			   (double)pages * sysconf(_SC_PAGESIZE));
	if (f)
		fclose(f);
}

/* ---- in parts ---- */

struct reading {
	struct co_http *h;
	size_t metric, row;
};

/* False: that metric is done. */
static bool put_row(struct reading *r, const struct metric *m, struct evbuffer *to)
{
	struct co *c = r->h->c;

	if (m->put)
		m->put(r->h, to);
	else if (m->node && r->row < c->nodes.n)
		put_node(to, m, c->nodes.v[r->row]);
	else if (!m->node && r->row < c->jobs.n)
		put_job(to, m, c->jobs.v[r->row]);
	else
		return false;
	r->row++;
	return !m->put;
}

static enum co_part metrics_more(void *arg, struct evbuffer *to)
{
	struct reading *r = arg;
	size_t i;

	for (i = 0; i < PART_ROWS && r->metric < CR_ARRAY_SIZE(metrics); i++) {
		const struct metric *m = &metrics[r->metric];

		if (!r->row)
			evbuffer_add_printf(to, "# HELP cairn_%s %s\n# TYPE cairn_%s %s\n", m->name,
					    m->help, m->name, m->type);
		if (!put_row(r, m, to)) {
			r->metric++;
			r->row = 0;
		}
	}
	return r->metric < CR_ARRAY_SIZE(metrics) ? CO_PART_MORE : CO_PART_LAST;
}

void co_http_metrics(struct co_call *k)
{
	struct reading *r = cr_xcalloc(1, sizeof(*r));

	r->h = k->h;
	k->a->type = "text/plain; version=0.0.4; charset=utf-8";
	k->a->more = metrics_more;
	k->a->gone = free;
	k->a->arg = r;
}
