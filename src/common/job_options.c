// SPDX-License-Identifier: Apache-2.0
//
// The options of a new job, its policy among them. Hosted code.
#include "common/job_options.h"

#include "common/defs.h"
#include "common/err.h"
#include "common/label.h"
#include "common/pace.h"
#include "common/runtime.h"
#include "image.pb.h"

#define CLUSTER_INTERVAL 60 /* a job of a cluster is there to outlive its node */

static int add_label(void *to, const char *value, struct cr_err *err)
{
	return cr_label_add(to, value, err);
}

#define JOB(field) CR_ARG_FIELD(struct cr_job_options, field)
#define KEPT(field) .kept = offsetof(cairn_Job, field)
#define NEW_JOB .programs = CR_FOR_LAUNCH | CR_FOR_RUN
#define CLUSTER_JOB .programs = CR_FOR_LAUNCH | CR_FOR_ATTACH | CR_FOR_RUN
#define ANY_JOB .programs = CR_FOR_LAUNCH | CR_FOR_RESTART | CR_FOR_ATTACH | CR_FOR_RUN
const struct cr_arg cr_job_rows[] = {
	{ "name", 'n', CR_ARG_TEXT, JOB(name), 0, 0, NULL, "CR_NAME", "NAME",
	  "the job's name (default: the command's, or as saved)", ANY_JOB, .check = cr_name_check },
	{ "backend", 0, CR_ARG_CHOICE, JOB(backend), CR_BACKEND_AUTO, 0, NULL, "CR_BACKEND",
	  "auto|agent|criu",
	  "what saves it: the agent that is loaded into it, or CRIU (default: auto)", NEW_JOB },
	{ "nodes", 0, CR_ARG_WHOLE, JOB(nodes), 1, 100000, NULL, NULL, "N",
	  "so many members; by crlaunch on as many nodes, and it waits for the end", NEW_JOB },
	{ "interval", 'i', CR_ARG_TIME, JOB(policy.interval), 0.01, 1e9, NULL, "CR_INTERVAL",
	  "TIME|auto",
	  "checkpoint every so often, or as cost and failures suggest; by default none, in a "
	  "cluster every 60",
	  ANY_JOB, KEPT(interval), .word = "auto" },
	{ "mtbf", 0, CR_ARG_TIME, JOB(mtbf), 60, 1e9, "28800", "CR_MTBF", "TIME",
	  "of -i auto: the mean time between failures (of a node), before any is known", ANY_JOB,
	  KEPT(mtbf) },
	{ "keep", 0, CR_ARG_WHOLE, JOB(policy.keep), 1, 1e6, "2", "CR_KEEP", "N",
	  "committed checkpoints to keep", ANY_JOB, KEPT(keep) },
	{ "keep-bytes", 0, CR_ARG_SIZE, JOB(policy.keep_bytes), 0, 1e18, "0", "CR_KEEP_BYTES",
	  "SIZE", "room for them on one node, the newest aside; 0: no limit", CLUSTER_JOB },
	{ "replicas", 0, CR_ARG_WHOLE, JOB(policy.replicas), 0, 100, "1", "CR_REPLICAS", "N",
	  "other nodes that have a copy before a checkpoint counts", CLUSTER_JOB },
	{ "on-failure", 0, CR_ARG_CHOICE, JOB(policy.stop_on_failure), 0, 0, "restart",
	  "CR_ON_FAILURE", "restart|stop",
	  "what becomes of the job when a member is lost; alone, with stop, the job ends when a "
	  "process dies by a signal",
	  ANY_JOB },
	{ "max-restarts", 0, CR_ARG_WHOLE, JOB(policy.max_restarts), 0, 1e6, "3", "CR_MAX_RESTARTS",
	  "N", "restarts without a checkpoint in between", CLUSTER_JOB },
	{ "label", 0, CR_ARG_LIST, JOB(policy), 0, 0, NULL, "CR_LABEL", "KEY=VALUE",
	  "only on nodes with it; several times", CLUSTER_JOB, .by = ":", .add = add_label },
	{ "spread", 0, CR_ARG_FLAG, JOB(policy.spread), 0, 0, NULL, "CR_SPREAD", NULL,
	  "never two members on one node", NEW_JOB },
};
const size_t cr_job_rows_n = CR_ARRAY_SIZE(cr_job_rows);

void cr_policy_default(cairn_Policy *to)
{
	struct cr_job_options usual = { 0 };
	struct cr_args a = CR_ARGS(cr_job_rows, &usual);
	struct cr_err none = { 0 };

	cr_args_begin(&a, &none);
	cr_job_policy(&usual, to);
}

void cr_job_policy(const struct cr_job_options *o, cairn_Policy *to)
{
	*to = o->policy;
	to->has_replicas = true;
	to->criu = o->backend == CR_BACKEND_CRIU;
	to->mtbf = o->mtbf;
	to->auto_interval = to->interval == CR_PACE_AUTO;
	if (to->auto_interval)
		to->interval = CR_PACE_FIRST_S;
	if (!to->interval)
		to->interval = CLUSTER_INTERVAL;
}
