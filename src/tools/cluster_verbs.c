// SPDX-License-Identifier: Apache-2.0
//
// crctl's verbs in a cluster: requests to the coordinator, by this node's crnode.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/rows_json.h"
#include "common/runtime.h"
#include "criu/choose.h"
#include "net/client.h"
#include "tools/cluster_rows.h"
#include "tools/cluster_verbs.h"
#include "tools/crctl.h"
#include "tools/local_verbs.h"

static int cluster_verbs_fill(struct cr_ctl *c, char *to, size_t room, const char *what,
			      const char *value)
{
	if (!*value)
		return cr_fail(&c->err, CR_EXIT_USAGE, 0, "an empty name is no %s's", what);
	if (strlen(value) >= room)
		return cr_fail(&c->err, CR_EXIT_USAGE, 0, "%s: that is too long for a %s's name",
			       value, what);
	strcpy(to, value);
	return 0;
}

static int cluster_verbs_ask(struct cr_ctl *c, cairn_Request *q, const void *payload, size_t len,
			     cr_client_row row, void *arg)
{
	cr_auto_fd fd = cr_client_connect(c->coordinator, &c->err);

	if (fd < 0)
		return fd;
	return cr_client_ask(fd, q, payload, len, row, arg, &c->err);
}

/* About one job or one node. */
static int ask_of(struct cr_ctl *c, cairn_Ask verb, bool node, cr_client_row row, void *arg)
{
	cairn_Request q = {
		.ask = verb,
		.stop = c->stop,
		.intent = c->stop ? cairn_Intent_INTENT_STOP : cairn_Intent_INTENT_CHECKPOINT,
	};
	int ret = node ? cluster_verbs_fill(c, q.node, sizeof(q.node), "node", c->of[0]) :
			 cluster_verbs_fill(c, q.job, sizeof(q.job), "job", c->of[0]);

	return ret ? ret : cluster_verbs_ask(c, &q, NULL, 0, row, arg);
}

/* ---- rows one by one ---- */

struct rows {
	struct cr_json *json; /* NULL: for people */
	bool all;
};

static void row_json(struct cr_json *j, const cairn_Reply *r)
{
	const struct cr_json_schema *schema = r->which_row == cairn_Reply_job_tag  ? &cr_json_job :
					      r->which_row == cairn_Reply_node_tag ? &cr_json_node :
										     &cr_json_event;

	cr_json_message(j, NULL, schema, &r->row, &cr_json_crctl);
}

static bool cluster_verbs_on_row(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	bool job = r->which_row == cairn_Reply_job_tag, node = r->which_row == cairn_Reply_node_tag;
	bool event = r->which_row == cairn_Reply_event_tag;
	struct cr_json one = CR_JSON_TIGHT(stdout);
	struct rows *rows = arg;

	if ((!job && !node && !event) || (job && !rows->all && !strcmp(r->row.job.state, "ended")))
		return true;
	/* Events are a document each, as nobody knows of a last one. */
	if (rows->json)
		row_json(event ? &one : rows->json, r);
	else if (job)
		cr_row_job(&r->row.job);
	else if (node)
		cr_row_node(&r->row.node);
	else
		cr_row_event(&r->row.event);
	/* Whoever follows reads them as they come; and ends by closing the pipe. */
	return !event || !fflush(stdout);
}

static int list(struct cr_ctl *c, cairn_Ask verb)
{
	cairn_Request q = { .ask = verb };
	struct cr_json j = CR_JSON_TIGHT(stdout);
	struct rows rows = { .json = c->json ? &j : NULL, .all = c->all };
	cr_auto_fd fd = cr_client_connect(c->coordinator, &c->err);
	int ret;

	if (fd < 0)
		return fd;
	if (c->json)
		cr_json_array(&j, NULL);
	else
		cr_row_heads(verb);
	ret = cr_client_ask(fd, &q, NULL, 0, cluster_verbs_on_row, &rows, &c->err);
	cr_json_end(&j);
	return ret;
}

int cr_ask_list(struct cr_ctl *c)
{
	return list(c, cairn_Ask_ASK_LIST);
}

int cr_ask_nodes(struct cr_ctl *c)
{
	return list(c, cairn_Ask_ASK_NODES);
}

int cr_ask_events(struct cr_ctl *c)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_EVENTS, .since = c->since, .follow = c->follow };
	struct cr_json j = CR_JSON_TIGHT(stdout);
	struct rows rows = { .json = c->json ? &j : NULL, .all = true };

	return cluster_verbs_ask(c, &q, NULL, 0, cluster_verbs_on_row, &rows);
}

/* ---- one job ---- */

static bool on_detail(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	struct cr_job_details *d = arg;
	cairn_MemberRow *m;
	cairn_ImageRow *image;
	cairn_CheckpointRow *checkpoint;

	switch (r->which_row) {
	case cairn_Reply_job_tag:
		d->job = r->row.job;
		break;
	case cairn_Reply_member_tag:
		m = cr_grow(&d->members, &d->n_members, &d->room_members, sizeof(*m));
		if (m)
			*m = r->row.member;
		break;
	case cairn_Reply_checkpoint_tag:
		checkpoint = cr_grow(&d->checkpoints, &d->n_checkpoints, &d->room_checkpoints,
				     sizeof(*checkpoint));
		if (checkpoint)
			*checkpoint = r->row.checkpoint;
		break;
	case cairn_Reply_image_tag:
		image = cr_grow(&d->images, &d->n_images, &d->room_images, sizeof(*image));
		if (image)
			*image = r->row.image;
		break;
	}
	return true;
}

int cr_ask_status(struct cr_ctl *c)
{
	static struct cr_job_details d;
	struct cr_json j = CR_JSON_TIGHT(stdout);
	int ret = ask_of(c, cairn_Ask_ASK_STATUS, false, on_detail, &d);

	if (!ret)
		cr_row_details(&d, c->json ? &j : NULL);
	free(d.members);
	free(d.images);
	free(d.checkpoints);
	return ret;
}

/* What verbs answer that do something to a job. */
static void print_outcome(const struct cr_ctl *c, const cairn_JobRow *j, const char *otherwise)
{
	struct cr_json out = CR_JSON_TIGHT(stdout);

	if (c->json)
		cr_json_message(&out, NULL, &cr_json_job, j, &cr_json_crctl);
	else if (otherwise)
		printf("%s\n", otherwise);
}

int cr_ask_checkpoint(struct cr_ctl *c)
{
	static struct cr_job_details d;
	int ret = ask_of(c, cairn_Ask_ASK_CHECKPOINT, false, on_detail, &d);
	char number[16];

	snprintf(number, sizeof(number), "%06u", d.job.number);
	if (!ret)
		print_outcome(c, &d.job, number);
	return ret;
}

int cr_ask_kill(struct cr_ctl *c)
{
	static struct cr_job_details d;
	int ret = ask_of(c, cairn_Ask_ASK_KILL, false, on_detail, &d);

	if (!ret)
		print_outcome(c, &d.job, NULL);
	return ret;
}

int cr_ask_restart(struct cr_ctl *c)
{
	static struct cr_job_details d;
	int ret = ask_of(c, cairn_Ask_ASK_RESTART, false, on_detail, &d);

	if (!ret)
		print_outcome(c, &d.job, NULL);
	return ret;
}

int cr_ask_forget(struct cr_ctl *c)
{
	static struct cr_job_details d;
	int ret = ask_of(c, cairn_Ask_ASK_FORGET, false, on_detail, &d);

	if (!ret)
		print_outcome(c, &d.job, NULL);
	return ret;
}

/* Its stages as they come, on a terminal; the last row is the outcome. */
static bool on_move(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	bool terminal = isatty(STDERR_FILENO);

	if (r->which_row != cairn_Reply_move_tag)
		return true;
	*(cairn_MoveRow *)arg = r->row.move;
	if (terminal)
		fprintf(stderr, "\r\033[K");
	if (terminal && !r->last)
		fprintf(stderr, "%s: %s", r->row.move.job, cr_move_word(r->row.move.stage));
	return true;
}

int cr_ask_migrate(struct cr_ctl *c)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_MIGRATE };
	struct cr_json j = CR_JSON_TIGHT(stdout);
	cairn_MoveRow row = { 0 };
	int ret = cluster_verbs_fill(c, q.job, sizeof(q.job), "job", c->of[0]);

	if (!ret)
		ret = cluster_verbs_fill(c, q.node, sizeof(q.node), "node", c->of[1]);
	if (!ret)
		ret = cluster_verbs_ask(c, &q, NULL, 0, on_move, &row);
	/* A line that was begun. */
	if (ret && row.stage && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (!ret && c->json)
		cr_json_message(&j, NULL, &cr_json_move, &row, &cr_json_crctl);
	else if (!ret)
		cr_row_move(&row);
	return ret;
}

static bool on_link(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	if (r->which_row == cairn_Reply_link_tag)
		*(cairn_WebLink *)arg = r->row.link;
	return true;
}

int cr_ask_dashboard(struct cr_ctl *c)
{
	cairn_Request q = { .ask = cairn_Ask_ASK_DASHBOARD };
	struct cr_json j = CR_JSON_TIGHT(stdout);
	cairn_WebLink link = { 0 };
	int ret = cluster_verbs_ask(c, &q, NULL, 0, on_link, &link);

	if (ret)
		return ret;
	if (!c->json) {
		printf("%s\n", link.url);
		return 0;
	}
	cr_json_object(&j, NULL);
	cr_json_text(&j, "url", link.url);
	cr_json_int(&j, "seconds", link.seconds);
	cr_json_end(&j);
	return 0;
}

static bool cluster_verbs_on_finding(const cairn_Reply *r, const void *payload, size_t len,
				     void *arg)
{
	const cairn_MemberFinding *f = &r->row.finding;

	if (r->which_row == cairn_Reply_finding_tag)
		cr_finding(arg, f->prevents, "member %u: %s", f->member, f->text);
	return true;
}

/* As on one host: a number is a process of this host, a name a job, anything else a command. */
int cr_ask_check(struct cr_ctl *c)
{
	size_t digits = strspn(c->of[0], "0123456789");
	cr_findings findings = { 0 };
	struct cr_err none = { 0 };
	struct cr_json j = CR_JSON_TIGHT(stdout);
	struct cr_choice choice;
	int ret;

	if (digits && !c->of[0][digits])
		return cr_local_check(c);
	ret = ask_of(c, cairn_Ask_ASK_CHECK, false, cluster_verbs_on_finding, &findings);
	if (ret && c->err.status == CR_EXIT_NOT_FOUND && !cr_choose(c->of[0], &choice, &none)) {
		cr_err_clear(&c->err);
		return cr_local_check(c);
	}
	return ret ? ret : cr_print_findings(&findings, c->of[0], c->json ? &j : NULL, &c->err);
}

/* ---- new jobs ---- */

struct run {
	struct cr_ctl *c;
	cairn_JobRow job;
};

static bool cluster_verbs_on_run(const cairn_Reply *r, const void *payload, size_t len, void *arg)
{
	struct run *run = arg;

	if (r->which_row == cairn_Reply_job_tag)
		run->job = r->row.job;
	return true;
}

/*
 * What the members' shepherds are to be told. The program is looked at here: a node must be chosen
 * before one could look there, where it is the same.
 */
static int cluster_verbs_choose_backend(struct cr_ctl *c, long members)
{
	enum cr_backend_kind *backend = &c->job.backend;
	struct cr_err none = { 0 };
	struct cr_choice choice;

	if (*backend <= CR_BACKEND_AUTO) {
		*backend = members > 1 ? CR_BACKEND_AGENT : CR_BACKEND_UNSAID;
		if (members == 1 && !cr_choose(c->command[0], &choice, &none) &&
		    choice.backend != CR_BACKEND_AGENT)
			*backend = choice.backend;
	}
	if (*backend == CR_BACKEND_CRIU && members > 1)
		return cr_fail(&c->err, CR_EXIT_USAGE, 0,
			       "--backend criu: a job of several members needs the agent");
	return 0;
}

int cr_ask_run(struct cr_ctl *c)
{
	char *options[] = { "--backend", NULL, NULL };
	static cairn_Request q;
	static struct run run;
	cr_auto_free void *payload = NULL;
	size_t len, at = 0;
	int ret = 0;

	q.ask = cairn_Ask_ASK_RUN;
	q.members = c->job.nodes ? c->job.nodes : 1;
	q.has_policy = true;
	q.follow = c->wait;
	if (c->job.name)
		ret = cluster_verbs_fill(c, q.job, sizeof(q.job), "job", c->job.name);
	else
		cr_name_from(c->command[0], q.job, CR_NAME_MAX);
	if (!ret && c->node)
		ret = cluster_verbs_fill(c, q.node, sizeof(q.node), "node", c->node);
	for (char **a = c->command; *a && at < sizeof(q.command) - 1; a++)
		at += snprintf(q.command + at, sizeof(q.command) - at, "%s%s", at ? " " : "", *a);
	if (!ret)
		ret = cluster_verbs_choose_backend(c, q.members);
	cr_job_policy(&c->job, &q.policy);
	if (c->job.backend)
		options[1] = (char *)cr_backend_word(c->job.backend);
	payload =
		ret ? NULL :
		      cr_client_command(&q, options[1] ? options : NULL, c->command, &len, &c->err);
	if (!payload)
		return -1;
	run.c = c;
	ret = cluster_verbs_ask(c, &q, payload, len, cluster_verbs_on_run, &run);
	if (!ret)
		ret = cr_client_outcome(&run.job, &c->err);
	if (ret)
		return ret;
	print_outcome(c, &run.job, c->wait ? NULL : run.job.name);
	/* What it ended with, as if it had run here. */
	if (c->wait)
		c->err.status = run.job.status;
	return 0;
}

/* ---- nodes ---- */

static int node_verb(struct cr_ctl *c, cairn_Ask verb, const char *state)
{
	struct cr_json j = CR_JSON_TIGHT(stdout);
	int ret = ask_of(c, verb, true, NULL, NULL);

	if (!ret && c->json)
		cr_print_state("node", c->of[0], state, &j);
	return ret;
}

int cr_ask_drain(struct cr_ctl *c)
{
	return node_verb(c, cairn_Ask_ASK_DRAIN, "drained");
}

int cr_ask_undrain(struct cr_ctl *c)
{
	return node_verb(c, cairn_Ask_ASK_UNDRAIN, "up");
}

int cr_ask_fenced(struct cr_ctl *c)
{
	return node_verb(c, cairn_Ask_ASK_FENCED, "lost");
}
