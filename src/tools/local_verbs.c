// SPDX-License-Identifier: Apache-2.0
//
// crctl's verbs for jobs of this user on this host: asked through the sockets of their shepherds.
#include "tools/local_verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/err.h"
#include "common/image_write.h"
#include "common/owner.h"
#include "common/rows_json.h"
#include "common/runtime.h"
#include "common/wire.h"
#include "tools/checkpoint_watch.h"
#include "tools/crctl.h"
#include "tools/local_list.h"

#define ANSWER_MS 20000 /* a shepherd whose job stands still for a checkpoint hears nobody */
#define KILL_MS 15000

static struct cr_wire wire;

static int no_answer(const struct call *c, const struct cr_reached *to)
{
	const char *state = cr_reach_state(to);

	if (!strcmp(state, "stopped"))
		return cr_fail(c->err, CR_EXIT_TIMEOUT, 0,
			       "the shepherd of job '%s' is stopped: let it go on first (kill "
			       "-CONT %d), or end the job (crctl kill)",
			       c->job, to->shepherd);
	return cr_fail(c->err, CR_EXIT_TIMEOUT, 0,
		       "the shepherd of job '%s' (process %d) does not answer: it is %s", c->job,
		       to->shepherd, state);
}

static int ended_early(struct call *c)
{
	return cr_fail(c->err, CR_EXIT_INTERNAL, 0,
		       "the shepherd of job '%s' ended before it answered", c->job);
}

int cr_call_collect(struct call *c)
{
	size_t n = c->reply.processes_count;
	cairn_ProcessStatus *more = realloc(c->processes, (c->nprocesses + n + 1) * sizeof(*more));

	if (!more)
		return cr_fail(c->err, CR_EXIT_INTERNAL, ENOMEM, "reading the answer");
	c->processes = more;
	memcpy(more + c->nprocesses, c->reply.processes, n * sizeof(*more));
	c->nprocesses += n;
	if (c->reply.has_finding)
		cr_finding(&c->findings, c->reply.finding.prevents, "%s", c->reply.finding.text);
	return 0;
}

int cr_call_send(struct call *c, cairn_Verb verb)
{
	cairn_ControlRequest q = { .version = CR_AGENT_VERSION, .verb = verb, .intent = c->intent };

	return cr_wire_send(c->to.fd, &wire, cairn_ControlRequest_fields, &q, NULL, 0);
}

/* Every reply to what has been sent. */
static int hear_all(struct call *c, int ms)
{
	int ret;

	do {
		memset(&c->reply, 0, sizeof(c->reply));
		ret = cr_reach_hear(&c->to, &wire, &c->reply, ms);
		if (ret == -ETIMEDOUT)
			return no_answer(c, &c->to);
		if (ret != 1) {
			c->ended = true;
			return ended_early(c);
		}
		ret = cr_call_collect(c);
	} while (!ret && !c->reply.last);
	if (!ret && c->reply.status)
		ret = cr_fail(c->err, c->reply.status, 0, "%s", c->reply.error);
	return ret;
}

/* Sends it to the job as it is now; a shepherd may be just ending, and the next one be starting. */
static int local_verbs_ask_once(struct call *c, cairn_Verb verb)
{
	int ret = cr_reach(c->job, &c->to, c->err);

	c->ended = false;
	if (ret)
		return ret;
	if (c->watch) {
		c->to.turn = cr_checkpoint_watch_turn;
		c->to.arg = c->watch;
	}
	ret = cr_call_send(c, verb);
	if (ret) {
		c->ended = true;
		return ended_early(c);
	}
	return hear_all(c, verb == cairn_Verb_VERB_OPERATE ? -1 :
			   verb == cairn_Verb_VERB_KILL	   ? KILL_MS :
							     ANSWER_MS);
}

int cr_call_ask(struct call *c, cairn_Verb verb)
{
	int ret = local_verbs_ask_once(c, verb), tries;

	for (tries = 0; ret && c->ended && tries < 3; tries++) {
		cr_reach_close(&c->to);
		cr_err_clear(c->err);
		c->nprocesses = 0;
		ret = local_verbs_ask_once(c, verb);
		if (ret && c->err->status == CR_EXIT_NOT_FOUND && !c->ended) {
			cr_err_clear(c->err);
			return ended_early(c);
		}
	}
	return ret;
}

void cr_status_json(const struct call *c)
{
	size_t i;

	cr_json_object(c->json, NULL);
	cr_json_fields(c->json, &cr_json_reply, &c->reply, &cr_json_crctl);
	cr_json_array(c->json, "processes");
	for (i = 0; i < c->nprocesses; i++)
		cr_json_message(c->json, NULL, &cr_json_process, &c->processes[i], &cr_json_crctl);
	cr_json_end(c->json);
	cr_json_end(c->json);
}

void cr_print_state(const char *what, const char *of, const char *state, struct cr_json *json)
{
	cr_json_object(json, NULL);
	cr_json_text(json, what, of);
	cr_json_text(json, "state", state);
	cr_json_end(json);
}

/* A job whose shepherd is gone says nothing: what is to be done is said instead. */
static int tell_left_over(struct call *c)
{
	cr_pids pids = { 0 };
	struct cr_owner o;
	bool left = c->err->status == CR_EXIT_NOT_FOUND && cr_left_over(c->job, &o, &pids);

	if (left) {
		cr_err_clear(c->err);
		cr_fail(c->err, CR_EXIT_NOT_FOUND, 0,
			"the job '%s' has no shepherd any more, but %zu of its processes run on "
			"(%d%s): end them (crctl kill %s)",
			c->job, pids.n, pids.v[0], pids.n > 1 ? ", …" : "", c->job);
	}
	free(pids.v);
	return -ESRCH;
}

static int do_status(struct call *c)
{
	int ret = cr_call_ask(c, cairn_Verb_VERB_STATUS);
	size_t i;

	if (ret)
		return tell_left_over(c);
	if (c->json) {
		cr_status_json(c);
		return 0;
	}
	printf("job         %s\nstate       %s\ncheckpoint  %s\n", c->reply.job, c->reply.state,
	       *c->reply.checkpoint ? c->reply.checkpoint : "none yet");
	if (c->reply.has_interval_why)
		printf("interval    %s\n", c->reply.interval_why);
	if (c->reply.wall_ns)
		printf("last one    job stood still %.1f ms, committed after %.1f ms\n",
		       c->reply.stall_ns / 1e6, c->reply.wall_ns / 1e6);
	for (i = 0; i < c->reply.stages_count; i++)
		printf("%s%s %.1f ms%s", i ? ", " : "stages      ", c->reply.stages[i].stage,
		       c->reply.stages[i].ns / 1e6, i + 1 == c->reply.stages_count ? "\n" : "");
	if (c->reply.unprotected)
		printf("unprotected %s\n", c->reply.unprotected_why);
	if (*c->reply.failure)
		printf("failure     %s\n", c->reply.failure);
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

/* What comes next, such as crrestart, wants the job gone, and its name and folder free. */
int cr_call_await_end(struct call *c)
{
	if (cr_reach_await_end(&c->to, KILL_MS))
		return 0;
	return cr_fail(c->err, CR_EXIT_TIMEOUT, 0,
		       "the job %s was told to end, and is not gone after %d s (crctl status %s "
		       "shows what is left)",
		       c->job, KILL_MS / 1000, c->job);
}

static int do_checkpoint(struct call *c)
{
	static struct cr_checkpoint_watch watch;
	int ret;

	cr_checkpoint_watch_begin(&watch, c->job);
	c->watch = &watch;
	ret = cr_call_ask(c, cairn_Verb_VERB_OPERATE);
	cr_checkpoint_watch_end(&watch);
	if (ret)
		return tell_left_over(c);
	if (c->intent == cairn_Intent_INTENT_STOP && (ret = cr_call_await_end(c)))
		return ret;
	if (!c->json) {
		printf("%s\n", c->reply.checkpoint);
		return 0;
	}
	cr_json_object(c->json, NULL);
	cr_json_text(c->json, "job", c->reply.job);
	cr_json_text(c->json, "checkpoint", c->reply.checkpoint);
	cr_json_ms(c->json, "stall_ms", c->reply.stall_ns);
	cr_json_ms(c->json, "wall_ms", c->reply.wall_ns);
	cr_json_end(c->json);
	return 0;
}

static void finding_json(struct cr_json *json, const struct cr_remark *r)
{
	cr_json_object(json, NULL);
	cr_json_bool(json, "prevents", r->prevents);
	cr_json_text(json, "text", r->text);
	cr_json_end(json);
}

int cr_print_findings(const cr_findings *f, const char *of, struct cr_json *json,
		      struct cr_err *err)
{
	size_t i, prevents = 0;

	for (i = 0; i < f->n; i++)
		prevents += f->v[i].prevents;
	if (json) {
		cr_json_object(json, NULL);
		cr_json_text(json, "check", of);
		cr_json_bool(json, "possible", !prevents);
		cr_json_array(json, "findings");
	}
	for (i = 0; i < f->n; i++)
		if (json)
			finding_json(json, &f->v[i]);
		else
			printf("%-10s %s\n", f->v[i].prevents ? "prevents" : "different",
			       f->v[i].text);
	if (json) {
		cr_json_end(json);
		cr_json_end(json);
	} else if (!prevents) {
		printf("%s can be checkpointed\n", of);
	}
	if (prevents)
		err->status = CR_EXIT_UNSUPPORTED;
	return 0;
}

/* Whether it names a job, by name or by folder. */
static bool is_job(const char *what)
{
	struct cr_err none = { 0 };
	struct cr_owner o;
	cr_auto_fd fd = -1;

	if (strchr(what, '/'))
		return !cr_owner_read(what, &o);
	/* Nobody must wait for us there. */
	fd = cr_runtime_connect(what, &none);
	return fd >= 0;
}

/* A number is a process, a name that a job has is the job, anything else a command. */
static int do_check(struct call *c)
{
	size_t digits = strspn(c->job, "0123456789");
	int ret;

	if (digits && !c->job[digits]) {
		ret = cr_look(atoi(c->job), &c->findings, c->err);
	} else if (is_job(c->job)) {
		c->intent = cairn_Intent_INTENT_CHECK;
		ret = cr_call_ask(c, cairn_Verb_VERB_OPERATE);
	} else {
		ret = cr_look_at_command(c->job, &c->findings, c->err);
	}
	if (ret)
		return ret;
	cr_look_at_host(&c->findings);
	return cr_print_findings(&c->findings, c->job, c->json, c->err);
}

/* What a job's shepherd has left, or one that does not answer: its guard ends the job then. */
static int kill_without_answer(struct call *c)
{
	cr_pids pids = { 0 };
	struct cr_owner o;
	int ret = -ESRCH;

	if (c->err->status == CR_EXIT_TIMEOUT && c->to.pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, c->to.pidfd, SIGKILL, NULL, 0);
		if (!cr_reach_await_end(&c->to, KILL_MS))
			return -ETIMEDOUT;
		ret = 0;
	} else if (c->err->status == CR_EXIT_NOT_FOUND && cr_left_over(c->job, &o, &pids)) {
		ret = cr_owner_end_orphans(&o) ? -EPERM : 0;
		if (ret) {
			cr_err_clear(c->err);
			cr_fail(c->err, CR_EXIT_PERMISSION, 0,
				"process %d of the job '%s' cannot be ended by you", pids.v[0],
				c->job);
		}
	}
	free(pids.v);
	if (!ret)
		cr_err_clear(c->err);
	return ret;
}

static int do_kill(struct call *c)
{
	struct cr_owner o = { .pid = 0 };
	char folder[CR_PATH_MAX];
	int ret;

	if (strchr(c->job, '/'))
		cr_owner_read(c->job, &o);
	else if (cr_runtime_directory(c->job, folder))
		cr_owner_read(folder, &o);
	ret = cr_call_ask(c, cairn_Verb_VERB_KILL);
	if (ret)
		ret = kill_without_answer(c);
	else
		ret = cr_call_await_end(c);
	/* What the user started may have stopped with the job, and would not see its end. */
	if (!ret && cr_owner_lives(&o))
		kill(o.pid, SIGCONT);
	if (!ret && c->json)
		cr_print_state("job", c->job, "killed", c->json);
	return ret;
}

/* What is over has left nothing on this host but its folder. */
static int do_forget(struct call *c)
{
	int ret;

	if (!strchr(c->job, '/') && cr_runtime_is_running(c->job))
		return cr_fail(c->err, CR_EXIT_EXISTS, 0,
			       "the job %s is running: end it first (crctl kill)", c->job);
	ret = cr_image_forget(c->job, c->err);
	if (!ret && c->json)
		cr_print_state("directory", c->job, "forgotten", c->json);
	return ret;
}

static int with(struct cr_ctl *ctl, int (*verb)(struct call *c))
{
	struct cr_json json = CR_JSON_TIGHT(stdout);
	struct call c = {
		.job = ctl->of[0],
		.json = ctl->json ? &json : NULL,
		.intent = ctl->stop ? cairn_Intent_INTENT_STOP : cairn_Intent_INTENT_CHECKPOINT,
		.err = &ctl->err,
	};
	int ret;

	c.to = (struct cr_reached){ .fd = -1, .pidfd = -1 };
	ret = verb(&c);
	cr_reach_close(&c.to);
	free(c.processes);
	return ret;
}

int cr_local_list(struct cr_ctl *c)
{
	return with(c, cr_call_list);
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
