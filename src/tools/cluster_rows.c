// SPDX-License-Identifier: Apache-2.0
//
// What the cluster answers, for people and as JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "criu/find.h"
#include "tools/cluster_rows.h"

static void key(const char *name, bool first)
{
	printf("%s\"%s\":", first ? "{" : ",", name);
}

static void text(const char *name, const char *value)
{
	key(name, false);
	cr_json_string(stdout, value);
}

static void number(const char *name, unsigned long long value)
{
	key(name, false);
	printf("%llu", value);
}

static void decimal(const char *name, double value)
{
	key(name, false);
	printf("%.3f", value);
}

static void truth(const char *name, bool value)
{
	key(name, false);
	fputs(value ? "true" : "false", stdout);
}

/* Milliseconds since the epoch as ISO 8601; "" for 0. */
static const char *instant(int64_t ms, char out[32], bool json)
{
	time_t t = ms / 1000;
	struct tm tm;
	size_t n;

	*out = 0;
	if (!ms || !(json ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return out;
	n = strftime(out, 32, json ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03d%s", (int)(ms % 1000), json ? "Z" : "");
	return out;
}

static void when(const char *name, int64_t ms)
{
	char out[32];

	text(name, instant(ms, out, true));
}

static const char *size_text(uint64_t bytes, char out[16])
{
	static const char units[] = "BKMGTPE";
	double v = bytes;
	int u = 0;

	for (; v >= 1000 && units[u + 1]; u++)
		v /= 1024;
	snprintf(out, 16, u && v < 10 ? "%.1f%c" : "%.0f%c", v, units[u]);
	return out;
}

static const char *checkpoint_text(uint32_t n, char out[16])
{
	*out = 0;
	if (n)
		snprintf(out, 16, "%06u", n);
	return out;
}

void cr_row_heads(cairn_Ask ask)
{
	if (ask == cairn_Ask_ASK_LIST)
		printf("%-20s %-13s %7s %8s %10s  %s\n", "JOB", "STATE", "MEMBERS", "RESTARTS",
		       "CHECKPOINT", "COMMAND");
	else if (ask == cairn_Ask_ASK_NODES)
		printf("%-16s %-9s %7s %5s %6s %6s  %-5s %-21s %s\n", "NODE", "STATE", "MEMBERS",
		       "LOAD", "FREE", "PHI", "CRIU", "ADDRESS", "LABELS");
}

/* ---- jobs ---- */

static void labels_json(const cairn_Label *l, size_t n)
{
	key("labels", false);
	for (size_t i = 0; i < n; i++) {
		printf("%s", i ? "," : "{");
		cr_json_string(stdout, l[i].key);
		printf(":");
		cr_json_string(stdout, l[i].value);
	}
	printf("%s}", n ? "" : "{");
}

static void policy_json(const cairn_Policy *p)
{
	key("policy", false);
	printf("{\"interval\":%.3f", p->interval);
	number("keep", p->keep);
	number("keep_bytes", p->keep_bytes);
	number("replicas", p->replicas);
	text("on_failure", p->stop_on_failure ? "stop" : "restart");
	number("max_restarts", p->max_restarts);
	truth("spread", p->spread);
	truth("criu", p->criu);
	labels_json(p->labels, p->labels_count);
	printf("}");
}

/* Without the closing brace. */
static void job_json(const cairn_JobRow *j)
{
	char out[16];

	key("job", true);
	cr_json_string(stdout, j->name);
	number("id", j->id);
	number("uid", j->uid);
	text("state", j->state);
	text("why", j->why);
	number("members", j->members);
	number("epoch", j->epoch);
	number("restarts", j->restarts);
	text("checkpoint", checkpoint_text(j->number, out));
	number("number", j->number);
	when("committed_at", j->committed_at);
	when("began_at", j->began_at);
	decimal("stall_ms", j->stall_ns / 1e6);
	decimal("wall_ms", j->wall_ns / 1e6);
	text("error", j->last_error);
	key("status", false);
	printf("%d", j->status);
	text("command", j->command);
	policy_json(&j->policy);
}

void cr_row_job(const cairn_JobRow *j, bool json)
{
	char out[16];

	if (json) {
		job_json(j);
		printf("}");
		return;
	}
	printf("%-20s %-13s %7u %8u %10s  %s\n", j->name, j->state, j->members, j->restarts,
	       j->number ? checkpoint_text(j->number, out) : "none yet",
	       *j->why ? j->why : j->command);
}

static const char *holding_text(cairn_HoldingState s)
{
	static const char *const names[] = {
		[cairn_HoldingState_HOLDING_GONE] = "gone",
		[cairn_HoldingState_HOLDING_WRITING] = "writing",
		[cairn_HoldingState_HOLDING_COMPLETE] = "complete",
		[cairn_HoldingState_HOLDING_DAMAGED] = "damaged",
	};

	return s < sizeof(names) / sizeof(*names) && names[s] ? names[s] : "unknown";
}

static int by_number(const void *a, const void *b)
{
	const cairn_ImageRow *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->member != y->member)
		return x->member < y->member ? -1 : 1;
	return strcmp(x->node, y->node);
}

static void members_json(const struct cr_job_details *d)
{
	key("placement", false);
	printf("[");
	for (size_t i = 0; i < d->n_members; i++) {
		const cairn_MemberRow *m = &d->members[i];

		printf("%s{\"member\":%u", i ? "," : "", m->member);
		text("node", m->node);
		text("state", m->state_text);
		number("processes", m->processes);
		number("rss_bytes", m->rss_bytes);
		printf("}");
	}
	printf("]");
}

static void images_json(const struct cr_job_details *d)
{
	char out[16];

	key("checkpoints", false);
	printf("[");
	for (size_t i = 0; i < d->n_images; i++) {
		const cairn_ImageRow *m = &d->images[i], *before = i ? m - 1 : NULL;

		if (!before || before->number != m->number)
			printf("%s{\"checkpoint\":\"%s\",\"committed\":%s,\"images\":[",
			       i ? "]}," : "", checkpoint_text(m->number, out),
			       m->committed ? "true" : "false");
		else
			printf(",");
		printf("{\"number\":%u", m->number);
		number("member", m->member);
		text("node", m->node);
		text("state", holding_text(m->state));
		number("bytes", m->bytes);
		printf("}");
	}
	printf("%s]", d->n_images ? "]}" : "");
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
			printf("%-10s ", checkpoint_text(m->number, out));
			printf("%-11s %6u %7s  ", m->committed ? "committed" : "in progress",
			       m->member, size_text(m->bytes, out));
		}
		printf("%s%s", first ? "" : ", ", m->node);
		if (m->state != cairn_HoldingState_HOLDING_COMPLETE)
			printf(" (%s)", holding_text(m->state));
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
		printf(", %s a node", size_text(p->keep_bytes, out));
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
	if (j->restarts)
		printf("restarts    %u\n", j->restarts);
	policy_text(&j->policy);
	if (j->number)
		printf("checkpoint  %s, committed at %s\n", checkpoint_text(j->number, number_text),
		       instant(j->committed_at, out, false));
	else
		printf("checkpoint  none yet\n");
	if (j->wall_ns)
		printf("last one    job stood still %.1f ms, committed after %.1f ms\n",
		       j->stall_ns / 1e6, j->wall_ns / 1e6);
	if (*j->last_error)
		printf("last error  %s\n", j->last_error);
}

void cr_row_details(struct cr_job_details *d, bool json)
{
	if (d->n_images)
		qsort(d->images, d->n_images, sizeof(*d->images), by_number);
	if (json) {
		job_json(&d->job);
		members_json(d);
		images_json(d);
		printf("}\n");
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

void cr_row_node(const cairn_NodeRow *n, bool json)
{
	char out[16], criu[16] = "";

	if (n->criu)
		cr_criu_version_text(n->criu, criu);
	if (!json) {
		printf("%-16s %-9s %7u %4u%% %6s %6.1f  %-5s %-21s", n->name, n->state, n->members,
		       n->load_percent, size_text(n->store_free, out), n->phi,
		       *criu ? criu : "-", n->address);
		for (size_t i = 0; i < n->labels_count; i++)
			printf(" %s=%s", n->labels[i].key, n->labels[i].value);
		printf("\n");
		return;
	}
	key("name", true);
	cr_json_string(stdout, n->name);
	text("state", n->state);
	text("address", n->address);
	number("members", n->members);
	number("load_percent", n->load_percent);
	number("store_bytes", n->store_bytes);
	number("store_free", n->store_free);
	decimal("phi", n->phi);
	number("heard_ms", n->last_ms);
	truth("witness", n->witness);
	truth("privileged", n->privileged);
	text("version", n->cairn);
	text("criu", criu);
	labels_json(n->labels, n->labels_count);
	printf("}");
}

void cr_row_event(const cairn_EventRow *e, bool json)
{
	char out[32];

	if (!json) {
		printf("%6llu %s %-18s %-12s", (unsigned long long)e->id,
		       instant(e->at_ms, out, false), e->kind, *e->node ? e->node : "-");
		if (*e->job && e->member >= 0)
			printf(" %s.%d", e->job, e->member);
		else
			printf(" %s", *e->job ? e->job : "-");
		printf("  %s\n", e->text);
		return;
	}
	key("id", true);
	printf("%llu", (unsigned long long)e->id);
	number("at_ms", e->at_ms);
	when("at", e->at_ms);
	text("kind", e->kind);
	text("job", e->job);
	text("node", e->node);
	if (e->member >= 0)
		number("member", e->member);
	text("text", e->text);
	printf("}\n");
}
