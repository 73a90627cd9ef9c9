// SPDX-License-Identifier: Apache-2.0
//
// The rules by which rows of a cluster and answers of shepherds become JSON.
#include "common/rows_json.h"

#include <stdio.h>
#include <time.h>

#include "common/criu_version.h"
#include "common/defs.h"
#include "control.pb.h"

const struct cr_json_view cr_json_crctl = { "crctl" }, cr_json_http = { "HTTP" };

/* ---- words ---- */

const char *cr_holding_word(cairn_HoldingState s)
{
	static const char *const names[] = {
		[cairn_HoldingState_HOLDING_GONE] = "gone",
		[cairn_HoldingState_HOLDING_WRITING] = "writing",
		[cairn_HoldingState_HOLDING_COMPLETE] = "complete",
		[cairn_HoldingState_HOLDING_DAMAGED] = "damaged",
	};

	return s < CR_ARRAY_SIZE(names) && names[s] ? names[s] : "unknown";
}

const char *cr_move_word(cairn_MoveStage s)
{
	static const char *const names[] = {
		[cairn_MoveStage_MOVE_AHEAD] = "ahead", [cairn_MoveStage_MOVE_STOP] = "stop",
		[cairn_MoveStage_MOVE_COPY] = "copy",	[cairn_MoveStage_MOVE_START] = "start",
		[cairn_MoveStage_MOVE_DONE] = "done",	[cairn_MoveStage_MOVE_BACK] = "back",
	};

	return s < CR_ARRAY_SIZE(names) && names[s] ? names[s] : "";
}

const char *cr_instant_text(int64_t ms, bool iso, char out[32])
{
	time_t t = ms / 1000;
	struct tm tm;
	size_t n;

	*out = 0;
	if (!ms || !(iso ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return out;
	n = strftime(out, 32, iso ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03d%s", (int)(ms % 1000), iso ? "Z" : "");
	return out;
}

const char *cr_checkpoint_text(uint32_t number, char out[16])
{
	*out = 0;
	if (number)
		snprintf(out, 16, "%06u", number);
	return out;
}

void cr_json_ms(struct cr_json *j, const char *key, uint64_t ns)
{
	cr_json_real(j, key, ns / 1e6);
}

/* ---- forms ---- */

static void write_ms(struct cr_json *j, const char *as, const void *value, size_t n)
{
	cr_json_ms(j, as, *(const uint64_t *)value);
}

static void write_instant(struct cr_json *j, const char *as, const void *value, size_t n)
{
	char out[32];

	cr_json_text(j, as, cr_instant_text(*(const int64_t *)value, true, out));
}

static void write_checkpoint(struct cr_json *j, const char *as, const void *value, size_t n)
{
	char out[16];

	cr_json_text(j, as, cr_checkpoint_text(*(const uint32_t *)value, out));
}

static void write_version(struct cr_json *j, const char *as, const void *value, size_t n)
{
	uint32_t version = *(const uint32_t *)value;
	char out[16];

	cr_json_text(j, as, version ? cr_criu_version_text(version, out) : "");
}

static void write_holding(struct cr_json *j, const char *as, const void *value, size_t n)
{
	cr_json_text(j, as, cr_holding_word(*(const cairn_HoldingState *)value));
}

static void write_move(struct cr_json *j, const char *as, const void *value, size_t n)
{
	cr_json_text(j, as, cr_move_word(*(const cairn_MoveStage *)value));
}

static void write_on_failure(struct cr_json *j, const char *as, const void *value, size_t n)
{
	cr_json_text(j, as, *(const bool *)value ? "stop" : "restart");
}

static void write_labels(struct cr_json *j, const char *as, const void *value, size_t n)
{
	const cairn_Label *l = value;

	cr_json_object(j, as);
	for (; n--; l++)
		cr_json_text(j, l->key, l->value);
	cr_json_end(j);
}

static void write_if_any(struct cr_json *j, const char *as, const void *value, size_t n)
{
	if (*(const int32_t *)value >= 0)
		cr_json_int(j, as, *(const int32_t *)value);
}

static const struct cr_json_rule policy_rules[] = {
	{ "stop_on_failure", "on_failure", write_on_failure, NULL },
	{ "has_replicas", NULL, NULL, NULL },
	{ "labels", "labels", write_labels, NULL },
	{ 0 },
};
static const struct cr_json_schema policy = CR_JSON_SCHEMA(cairn_Policy, policy_rules);

static void write_policy(struct cr_json *j, const char *as, const void *value, size_t n)
{
	cr_json_message(j, as, &policy, value, NULL);
}

/* ---- rows ---- */

static const struct cr_json_rule job_rules[] = {
	{ "name", "job", NULL, NULL },
	{ "number", "checkpoint", write_checkpoint, NULL },
	{ "committed_at", "committed_at", write_instant, &cr_json_crctl },
	{ "committed_at", "committed_ms", NULL, NULL },
	{ "began_at", "began_at", write_instant, &cr_json_crctl },
	{ "began_at", "began_ms", NULL, NULL },
	{ "stall_ns", "stall_ms", write_ms, NULL },
	{ "wall_ns", "wall_ms", write_ms, NULL },
	{ "last_error", "error", NULL, NULL },
	{ "policy", "policy", write_policy, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_job = CR_JSON_SCHEMA(cairn_JobRow, job_rules);

static const struct cr_json_rule member_rules[] = {
	{ "state", NULL, NULL, NULL },
	{ "state_text", "state", NULL, NULL },
	{ "state_text", NULL, NULL, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_member = CR_JSON_SCHEMA(cairn_MemberRow, member_rules);

static const struct cr_json_rule checkpoint_rules[] = {
	{ "number", "checkpoint", write_checkpoint, NULL },
	{ "stall_ns", "stall_ms", write_ms, NULL },
	{ "wall_ns", "wall_ms", write_ms, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_checkpoint =
	CR_JSON_SCHEMA(cairn_CheckpointRow, checkpoint_rules);

/* Whether it is committed is said of all of a number. */
static const struct cr_json_rule image_rules[] = {
	{ "state", "state", write_holding, NULL },
	{ "committed", NULL, NULL, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_image = CR_JSON_SCHEMA(cairn_ImageRow, image_rules);

/* Of a node's row, which says when it was heard and has its store already. */
static const struct cr_json_view of_node = { "a node's row" };

static const struct cr_json_rule sample_rules[] = {
	{ "at_ms", NULL, NULL, &of_node },
	{ "store_bytes", NULL, NULL, &of_node },
	{ "store_free", NULL, NULL, &of_node },
	{ 0 },
};
const struct cr_json_schema cr_json_sample = CR_JSON_SCHEMA(cairn_NodeSample, sample_rules);

static void write_sample(struct cr_json *j, const char *as, const void *value, size_t n)
{
	cr_json_fields(j, &cr_json_sample, value, &of_node);
}

static const struct cr_json_rule node_rules[] = {
	{ "last_ms", "heard_ms", NULL, NULL },
	{ "cairn", "version", NULL, NULL },
	{ "criu", "criu", write_version, &cr_json_crctl },
	{ "criu", "criu_version", write_version, NULL },
	{ "labels", "labels", write_labels, NULL },
	{ "sample", "sample", write_sample, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_node = CR_JSON_SCHEMA(cairn_NodeRow, node_rules);

static const struct cr_json_rule event_rules[] = {
	{ "at_ms", "at", write_instant, NULL },
	{ "member", "member", write_if_any, &cr_json_crctl },
	{ 0 },
};
const struct cr_json_schema cr_json_event = CR_JSON_SCHEMA(cairn_EventRow, event_rules);

static const struct cr_json_rule move_rules[] = {
	{ "member", "member", write_if_any, NULL },
	{ "stage", "stage", write_move, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_move = CR_JSON_SCHEMA(cairn_MoveRow, move_rules);

static const struct cr_json_rule stage_rules[] = {
	{ "ns", "ms", write_ms, NULL },
	{ 0 },
};
static const struct cr_json_schema stage = CR_JSON_SCHEMA(cairn_StageTime, stage_rules);

static void write_stages(struct cr_json *j, const char *as, const void *value, size_t n)
{
	const cairn_StageTime *s = value;

	cr_json_array(j, as);
	for (; n--; s++)
		cr_json_message(j, NULL, &stage, s, NULL);
	cr_json_end(j);
}

/* Its processes come in several replies. */
static const struct cr_json_rule reply_rules[] = {
	{ "last", NULL, NULL, NULL },
	{ "status", NULL, NULL, NULL },
	{ "error", NULL, NULL, NULL },
	{ "stall_ns", "stall_ms", write_ms, NULL },
	{ "wall_ns", "wall_ms", write_ms, NULL },
	{ "last_error", "error", NULL, NULL },
	{ "stages", "stages", write_stages, NULL },
	{ 0 },
};
const struct cr_json_schema cr_json_reply = CR_JSON_SCHEMA(cairn_ControlReply, reply_rules);

static const struct cr_json_rule no_rules[] = { { 0 } };
const struct cr_json_schema cr_json_process = CR_JSON_SCHEMA(cairn_ProcessStatus, no_rules);
