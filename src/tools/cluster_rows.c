// SPDX-License-Identifier: Apache-2.0
//
// What the cluster answers, for people; one job in full as JSON, too.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/criu_version.h"
#include "common/rows_json.h"
#include "tools/cluster_rows.h"

const char *cr_row_size_text(uint64_t bytes, char out[16])
{
	static const char units[] = "BKMGTPE";
	double v = bytes;
	int u = 0;

	for (; v >= 1000 && units[u + 1]; u++)
		v /= 1024;
	snprintf(out, 16, u && v < 10 ? "%.1f%c" : "%.0f%c", v, units[u]);
	return out;
}

void cr_row_heads(cairn_Ask ask)
{
	if (ask == cairn_Ask_ASK_LIST)
		printf("%-20s %-13s %7s %8s %10s %-9s  %s\n", "JOB", "STATE", "MEMBERS", "RESTARTS",
		       "CHECKPOINT", "PROTECTED", "COMMAND");
	else if (ask == cairn_Ask_ASK_NODES)
		printf("%-16s %-9s %7s %5s %5s %5s %6s %-14s %6s  %-5s %-21s %s\n", "NODE", "STATE",
		       "MEMBERS", "LOAD", "CPU", "MEM", "FREE", "FULL", "PHI", "CRIU", "ADDRESS",
		       "LABELS");
}

/* ---- jobs ---- */

void cr_row_job(const cairn_JobRow *j)
{
	char out[16];

	printf("%-20s %-13s %7u %8u %10s %-9s  %s%s\n", j->name, j->state, j->members, j->restarts,
	       j->number ? cr_checkpoint_text(j->number, out) : "none yet",
	       j->unprotected ? "no" : "yes", !*j->why && j->unprotected ? "unprotected: " : "",
	       *j->why	      ? j->why :
	       j->unprotected ? j->unprotected_why :
				j->command);
}

static int cluster_rows_by_number(const void *a, const void *b)
{
	const cairn_ImageRow *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->member != y->member)
		return x->member < y->member ? -1 : 1;
	return strcmp(x->node, y->node);
}

static void members_json(struct cr_json *j, const struct cr_job_details *d)
{
	cr_json_array(j, "placement");
	for (size_t i = 0; i < d->n_members; i++)
		cr_json_message(j, NULL, &cr_json_member, &d->members[i], &cr_json_crctl);
	cr_json_end(j);
}

/* What the coordinator tells of it; one from before there was that tells nothing. */
static void checkpoint_json(struct cr_json *j, const struct cr_job_details *d,
			    const cairn_ImageRow *m)
{
	cairn_CheckpointRow row = { .number = m->number, .committed = m->committed };

	for (size_t i = 0; i < d->n_checkpoints; i++)
		if (d->checkpoints[i].number == m->number)
			row = d->checkpoints[i];
	cr_json_fields(j, &cr_json_checkpoint, &row, &cr_json_crctl);
}

static void images_json(struct cr_json *j, const struct cr_job_details *d)
{
	cr_json_array(j, "checkpoints");
	for (size_t i = 0; i < d->n_images; i++) {
		const cairn_ImageRow *m = &d->images[i];

		if (!i || m[-1].number != m->number) {
			cr_json_object(j, NULL);
			checkpoint_json(j, d, m);
			cr_json_array(j, "images");
		}
		cr_json_message(j, NULL, &cr_json_image, m, &cr_json_crctl);
		if (i + 1 == d->n_images || m[1].number != m->number) {
			cr_json_end(j);
			cr_json_end(j);
		}
	}
	cr_json_end(j);
}

static void images_text(const struct cr_job_details *d)
{
	char out[16];

	if (d->n_images)
		printf("%-10s %-11s %6s %7s  %s\n", "CHECKPOINT", "", "MEMBER", "SIZE", "NODES");
	for (size_t i = 0; i < d->n_images; i++) {
		const cairn_ImageRow *m = &d->images[i], *before = i ? m - 1 : NULL;
		const cairn_ImageRow *after = i + 1 < d->n_images ? m + 1 : NULL;
		bool first = !before || before->number != m->number || before->member != m->member;
		bool last = !after || after->number != m->number || after->member != m->member;

		if (first) {
			printf("%-10s ", cr_checkpoint_text(m->number, out));
			printf("%-11s %6u %7s  ", m->committed ? "committed" : "in progress",
			       m->member, cr_row_size_text(m->bytes, out));
		}
		printf("%s%s", first ? "" : ", ", m->node);
		if (m->state != cairn_HoldingState_HOLDING_COMPLETE)
			printf(" (%s)", cr_holding_word(m->state));
		if (last)
			printf("\n");
	}
}

static void policy_text(const cairn_Policy *p)
{
	char out[16];

	printf("policy      every %g s, keep %u, %u repli%s, on failure %s", p->interval, p->keep,
	       p->replicas, p->replicas == 1 ? "ca" : "cas",
	       p->stop_on_failure ? "stop" : "restart");
	if (!p->stop_on_failure)
		printf(" at most %u times", p->max_restarts);
	if (p->keep_bytes)
		printf(", %s a node", cr_row_size_text(p->keep_bytes, out));
	if (p->spread)
		printf(", spread");
	for (size_t i = 0; i < p->labels_count; i++)
		printf(", %s=%s", p->labels[i].key, p->labels[i].value);
	printf("\n");
}

static void job_text(const cairn_JobRow *j)
{
	char out[32], number_text[16];

	printf("job         %s (number %llu, user %u)\nstate       %s", j->name,
	       (unsigned long long)j->id, j->uid, j->state);
	if (j->status && !strcmp(j->state, "ended"))
		printf(", status %d", j->status);
	printf("%s%s\n", *j->why ? ": " : "", j->why);
	printf("command     %s\n", j->command);
	if (j->unprotected)
		printf("unprotected %s\n", j->unprotected_why);
	if (j->restarts)
		printf("restarts    %u\n", j->restarts);
	policy_text(&j->policy);
	if (j->number)
		printf("checkpoint  %s, committed at %s\n",
		       cr_checkpoint_text(j->number, number_text),
		       cr_instant_text(j->committed_at, false, out));
	else
		printf("checkpoint  none yet\n");
	if (j->wall_ns)
		printf("last one    job stood still %.1f ms, committed after %.1f ms\n",
		       j->stall_ns / 1e6, j->wall_ns / 1e6);
	if (j->has_interval_why)
		printf("interval    %s\n", j->interval_why);
	if (j->has_stays_s)
		printf("stays       for %.0f s: it has just left a node that was failing\n",
		       j->stays_s);
	if (*j->last_error)
		printf("last error  %s\n", j->last_error);
}

void cr_row_details(struct cr_job_details *d, struct cr_json *json)
{
	if (d->n_images)
		qsort(d->images, d->n_images, sizeof(*d->images), cluster_rows_by_number);
	if (json) {
		cr_json_object(json, NULL);
		cr_json_fields(json, &cr_json_job, &d->job, &cr_json_crctl);
		members_json(json, d);
		images_json(json, d);
		cr_json_end(json);
		return;
	}
	job_text(&d->job);
	if (d->n_members)
		printf("%6s %-16s %-12s %9s %10s\n", "MEMBER", "NODE", "STATE", "PROCESSES",
		       "RSS KIB");
	for (size_t i = 0; i < d->n_members; i++) {
		const cairn_MemberRow *m = &d->members[i];

		printf("%6u %-16s %-12s %9u %10llu\n", m->member, *m->node ? m->node : "-",
		       m->state_text, m->processes, (unsigned long long)m->rss_bytes / 1024);
	}
	images_text(d);
}

/* ---- nodes and events ---- */

static const char *percent_text(bool known, double percent, char out[16])
{
	snprintf(out, 16, known ? "%.0f%%" : "-", percent);
	return out;
}

const char *cr_row_seconds_text(double s, char out[16])
{
	static const struct {
		double s;
		const char *unit;
	} units[] = { { 1, "s" }, { 60, "m" }, { 3600, "h" } };
	size_t i = s < 120 ? 0 : s < 7200 ? 1 : 2;

	snprintf(out, 16, "%.0f%s", s / units[i].s, units[i].unit);
	return out;
}

/* Within which bounds what will be full first will be so. */
static void node_full(const cairn_NodeRow *n)
{
	char least[16], most[16], out[64] = "-";

	if (n->has_full)
		snprintf(out, sizeof(out), "%s %s-%s", n->full,
			 cr_row_seconds_text(n->full_least_s, least),
			 cr_row_seconds_text(n->full_most_s, most));
	printf(" %-14s", out);
}

void cr_row_node(const cairn_NodeRow *n)
{
	const cairn_NodeSample *s = &n->sample;
	bool memory = s->has_memory_bytes && s->has_memory_available && s->memory_bytes;
	char free_text[16], cpu[16], used[16], criu[16] = "-";

	if (n->criu)
		cr_criu_version_text(n->criu, criu);
	printf("%-16s %-9s %7u %4u%% %5s %5s %6s", n->name, n->state, n->members, n->load_percent,
	       percent_text(s->has_cpu_percent, s->cpu_percent, cpu),
	       percent_text(memory,
			    memory ? 100 - 100.0 * s->memory_available / s->memory_bytes : 0, used),
	       cr_row_size_text(n->store_free, free_text));
	node_full(n);
	printf(" %6.1f  %-5s %-21s", n->phi, criu, n->address);
	for (size_t i = 0; i < n->labels_count; i++)
		printf(" %s=%s", n->labels[i].key, n->labels[i].value);
	printf("\n");
	if (n->has_pressure)
		printf("%16s %s (%s)\n", "", n->pressure, n->evacuation);
}

void cr_row_move(const cairn_MoveRow *m)
{
	char of[16] = "";

	if (m->member >= 0)
		snprintf(of, sizeof(of), ".%d", (int)m->member);
	printf("%s%s: %s -> %s, stood still for %.2f s (stop %.2f s, copy %.2f s, start %.2f s)\n",
	       m->job, of, m->from, m->to, m->down_ms / 1e3, m->stop_ms / 1e3, m->copy_ms / 1e3,
	       m->start_ms / 1e3);
}

void cr_row_event(const cairn_EventRow *e)
{
	char out[32];

	printf("%6llu %s %-18s %-12s", (unsigned long long)e->id,
	       cr_instant_text(e->at_ms, false, out), e->kind, *e->node ? e->node : "-");
	if (*e->job && e->member >= 0)
		printf(" %s.%d", e->job, e->member);
	else
		printf(" %s", *e->job ? e->job : "-");
	printf("  %s\n", e->text);
}
