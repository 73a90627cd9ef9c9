// SPDX-License-Identifier: Apache-2.0
//
// crctl's verbs for jobs of this user on this host: asked through the sockets of their shepherds.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/image.h"
#include "common/json.h"
#include "common/runtime.h"
#include "common/wire.h"
#include "control.pb.h"
#include "tools/crctl.h"
#include "tools/look.h"

struct call {
	const char *job;
	bool json, stop;
	struct cr_err *err;
	cairn_ControlReply reply; /* the last one */
	size_t nprocesses;
	cairn_ProcessStatus *processes;
	cr_findings findings;
};

static struct cr_wire wire;

/* One request; every process of every reply is collected. 0 or -errno. */
static int ask(struct call *c, cairn_Verb verb)
{
	cairn_ControlRequest q = { .version = CR_AGENT_VERSION, .verb = verb, .stop = c->stop };
	int fd = cr_runtime_connect(c->job, c->err), ret;

	if (fd < 0)
		return fd;
	ret = cr_wire_send(fd, &wire, cairn_ControlRequest_fields, &q, NULL, 0);
	do {
		cairn_ProcessStatus *more;

		memset(&c->reply, 0, sizeof(c->reply));
		if (!ret)
			ret = cr_wire_recv(fd, &wire, cairn_ControlReply_fields, &c->reply, NULL,
					   NULL, 0);
		if (ret != 1) {
			close(fd);
			return cr_fail(c->err, CR_EXIT_INTERNAL, 0,
				       "the shepherd of job '%s' ended before it answered", c->job);
		}
		ret = 0;
		more = realloc(c->processes,
			       (c->nprocesses + c->reply.processes_count + 1) * sizeof(*more));
		if (!more)
			return cr_fail(c->err, CR_EXIT_INTERNAL, ENOMEM, "reading the answer");
		c->processes = more;
		memcpy(more + c->nprocesses, c->reply.processes,
		       c->reply.processes_count * sizeof(*more));
		c->nprocesses += c->reply.processes_count;
		if (c->reply.has_finding)
			cr_finding(&c->findings, c->reply.finding.prevents, "%s",
				   c->reply.finding.text);
	} while (!c->reply.last);
	close(fd);
	if (c->reply.status)
		return cr_fail(c->err, c->reply.status, 0, "%s", c->reply.error);
	return 0;
}

static void print_status_json(const struct call *c)
{
	size_t i;

	printf("{\"job\":");
	cr_json_string(stdout, c->reply.job);
	printf(",\"state\":");
	cr_json_string(stdout, c->reply.state);
	printf(",\"checkpoint\":");
	cr_json_string(stdout, c->reply.checkpoint);
	printf(",\"directory\":");
	cr_json_string(stdout, c->reply.directory);
	printf(",\"stall_ms\":%.3f,\"wall_ms\":%.3f,\"error\":", c->reply.stall_ns / 1e6,
	       c->reply.wall_ns / 1e6);
	cr_json_string(stdout, c->reply.last_error);
	printf(",\"processes\":[");
	for (i = 0; i < c->nprocesses; i++) {
		const cairn_ProcessStatus *p = &c->processes[i];

		printf("%s{\"pid\":%d,\"host_pid\":%d,\"command\":", i ? "," : "", p->pid,
		       p->host_pid);
		cr_json_string(stdout, p->command);
		printf(",\"threads\":%u,\"rss_bytes\":%llu}", p->threads,
		       (unsigned long long)p->rss_bytes);
	}
	printf("]}");
}

static int do_status(struct call *c)
{
	int ret = ask(c, cairn_Verb_VERB_STATUS);
	size_t i;

	if (ret)
		return ret;
	if (c->json) {
		print_status_json(c);
		printf("\n");
		return 0;
	}
	printf("job         %s\nstate       %s\ncheckpoint  %s\n", c->reply.job, c->reply.state,
	       *c->reply.checkpoint ? c->reply.checkpoint : "none yet");
	if (c->reply.wall_ns)
		printf("last one    job stood still %.1f ms, committed after %.1f ms\n",
		       c->reply.stall_ns / 1e6, c->reply.wall_ns / 1e6);
	if (*c->reply.last_error)
		printf("last error  %s\n", c->reply.last_error);
	printf("%8s %8s %7s %10s  %s\n", "PID", "HOST PID", "THREADS", "RSS KIB", "COMMAND");
	for (i = 0; i < c->nprocesses; i++)
		printf("%8d %8d %7u %10llu  %s\n", c->processes[i].pid, c->processes[i].host_pid,
		       c->processes[i].threads,
		       (unsigned long long)c->processes[i].rss_bytes / 1024,
		       c->processes[i].command);
	return 0;
}

static int do_checkpoint(struct call *c)
{
	int ret = ask(c, cairn_Verb_VERB_CHECKPOINT);

	if (ret)
		return ret;
	if (!c->json) {
		printf("%s\n", c->reply.checkpoint);
		return 0;
	}
	printf("{\"job\":");
	cr_json_string(stdout, c->reply.job);
	printf(",\"checkpoint\":");
	cr_json_string(stdout, c->reply.checkpoint);
	printf(",\"stall_ms\":%.3f,\"wall_ms\":%.3f}\n", c->reply.stall_ns / 1e6,
	       c->reply.wall_ns / 1e6);
	return 0;
}

int cr_print_findings(const cr_findings *f, const char *of, bool json, struct cr_err *err)
{
	size_t i, prevents = 0;

	for (i = 0; i < f->n; i++)
		prevents += f->v[i].prevents;
	if (json) {
		printf("{\"check\":");
		cr_json_string(stdout, of);
		printf(",\"possible\":%s,\"findings\":[", prevents ? "false" : "true");
	}
	for (i = 0; i < f->n; i++) {
		const struct cr_remark *r = &f->v[i];

		if (!json) {
			printf("%-10s %s\n", r->prevents ? "prevents" : "different", r->text);
			continue;
		}
		printf("%s{\"prevents\":%s,\"text\":", i ? "," : "",
		       r->prevents ? "true" : "false");
		cr_json_string(stdout, r->text);
		printf("}");
	}
	if (json)
		printf("]}\n");
	else if (!prevents)
		printf("%s can be checkpointed\n", of);
	if (prevents)
		err->status = CR_EXIT_UNSUPPORTED;
	return 0;
}

/* A number is a process, a name that a job has is the job, anything else a command. */
static int do_check(struct call *c)
{
	size_t digits = strspn(c->job, "0123456789");
	struct cr_err none = { 0 };
	cr_auto_fd job = -1;
	int ret;

	if (digits && !c->job[digits]) {
		ret = cr_look(atoi(c->job), &c->findings, c->err);
	} else if ((job = cr_runtime_connect(c->job, &none)) >= 0) {
		/* Nobody must wait for us there. */
		cr_close_fd(&job);
		ret = ask(c, cairn_Verb_VERB_CHECK);
	} else {
		ret = cr_look_at_command(c->job, &c->findings, c->err);
	}
	if (ret)
		return ret;
	cr_look_at_host(&c->findings);
	return cr_print_findings(&c->findings, c->job, c->json, c->err);
}

static int do_kill(struct call *c)
{
	int ret = ask(c, cairn_Verb_VERB_KILL);

	if (!ret && c->json) {
		printf("{\"job\":");
		cr_json_string(stdout, c->job);
		printf(",\"state\":\"killed\"}\n");
	}
	return ret;
}

/* What is over has left nothing on this host but its folder. */
static int do_forget(struct call *c)
{
	struct cr_err none = { 0 };
	cr_auto_fd job = -1;
	int ret;

	if (!strchr(c->job, '/') && (job = cr_runtime_connect(c->job, &none)) >= 0)
		return cr_fail(c->err, CR_EXIT_EXISTS, 0,
			       "the job %s is running: end it first (crctl kill)", c->job);
	ret = cr_image_forget(c->job, c->err);
	if (!ret && c->json) {
		printf("{\"directory\":");
		cr_json_string(stdout, c->job);
		printf(",\"state\":\"forgotten\"}\n");
	}
	return ret;
}

static int do_list(struct call *c)
{
	char dir[CR_PATH_MAX];
	struct dirent **names;
	int ret = cr_runtime_dir(dir, c->err), n, i, shown = 0;

	if (ret)
		return ret;
	n = scandir(dir, &names, NULL, alphasort);
	if (c->json)
		printf("[");
	else
		printf("%-20s %-10s %9s  %s\n", "JOB", "STATE", "PROCESSES", "CHECKPOINT");
	for (i = 0; i < n; i++) {
		char *suffix = strstr(names[i]->d_name, ".sock");
		struct cr_err none = { 0 };
		struct call one = { .json = c->json, .job = names[i]->d_name, .err = &none };

		if (!suffix || suffix[5])
			continue;
		*suffix = 0;
		/* One that ended just now is no error of the list. */
		if (ask(&one, cairn_Verb_VERB_STATUS))
			continue;
		if (c->json && shown++)
			printf(",");
		if (c->json)
			print_status_json(&one);
		else
			printf("%-20s %-10s %9zu  %s\n", one.reply.job, one.reply.state,
			       one.nprocesses,
			       *one.reply.checkpoint ? one.reply.checkpoint : "none yet");
		free(one.processes);
	}
	if (c->json)
		printf("]\n");
	return 0;
}

static int with(struct cr_ctl *ctl, int (*verb)(struct call *c))
{
	struct call c = {
		.job = ctl->of[0], .json = ctl->json, .stop = ctl->stop, .err = &ctl->err
	};
	int ret = verb(&c);

	free(c.processes);
	return ret;
}

int cr_local_list(struct cr_ctl *c)
{
	return with(c, do_list);
}

int cr_local_status(struct cr_ctl *c)
{
	return with(c, do_status);
}

int cr_local_checkpoint(struct cr_ctl *c)
{
	return with(c, do_checkpoint);
}

int cr_local_kill(struct cr_ctl *c)
{
	return with(c, do_kill);
}

int cr_local_forget(struct cr_ctl *c)
{
	return with(c, do_forget);
}

int cr_local_check(struct cr_ctl *c)
{
	return with(c, do_check);
}
