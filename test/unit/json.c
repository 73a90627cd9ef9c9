// SPDX-License-Identifier: Apache-2.0
//
// Messages as JSON: every field is there, in the forms that the rules say.
#include "common/rows_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static char *text;

static const char *as_text(const struct cr_json_schema *schema, const void *message,
			   const struct cr_json_view *view)
{
	size_t len;
	struct cr_json j = { .out = open_memstream(&text, &len), .tight = true };

	cr_json_message(&j, NULL, schema, message, view);
	ck_assert_int_eq(fclose(j.out), 0);
	return text;
}

static void has(const char *json, const char *part)
{
	ck_assert_msg(strstr(json, part) != NULL, "%s is not in %s", part, json);
}

START_TEST(job)
{
	static cairn_JobRow row = { .id = 1ull << 60, .name = "a\"b", .number = 7, .status = -1 };
	const char *json;

	row.stall_ns = 1500000;
	row.committed_at = 1000;
	row.has_policy = true;
	row.policy.interval = 0.5;
	row.policy.stop_on_failure = true;
	row.policy.labels_count = 1;
	strcpy(row.policy.labels[0].key, "gpu");
	strcpy(row.policy.labels[0].value, "yes");
	json = as_text(&cr_json_job, &row, &cr_json_crctl);
	has(json, "{\"id\":1152921504606846976,\"name\":\"a\\\"b\",\"job\":\"a\\\"b\",");
	has(json, "\"number\":7,\"checkpoint\":\"000007\"");
	has(json, "\"committed_at\":\"1970-01-01T00:00:01.000Z\",\"committed_ms\":1000");
	has(json, "\"stall_ns\":1500000,\"stall_ms\":1.500");
	has(json, "\"policy\":{\"interval\":0.500,");
	has(json, "\"on_failure\":\"stop\"");
	has(json, "\"labels\":{\"gpu\":\"yes\"}");
	has(json, "\"status\":-1");
	ck_assert_ptr_null(strstr(json, "has_replicas"));
	free(text);
	has(as_text(&cr_json_job, &row, &cr_json_http), "\"committed_at\":1000,");
	free(text);
}
END_TEST

START_TEST(others)
{
	static cairn_NodeRow node = { .criu = 40201, .phi = 1.25, .witness = true };
	static cairn_EventRow event = { .id = 3, .member = -1 };

	has(as_text(&cr_json_node, &node, &cr_json_crctl), "\"criu\":\"4.2.1\"");
	has(text, "\"witness\":true");
	has(text, "\"phi\":1.250");
	free(text);
	node.phi = NAN;
	has(as_text(&cr_json_node, &node, &cr_json_http), "\"criu\":40201");
	has(text, "\"phi\":null");
	free(text);
	ck_assert_ptr_null(strstr(as_text(&cr_json_event, &event, &cr_json_crctl), "member"));
	free(text);
	has(as_text(&cr_json_event, &event, &cr_json_http), "\"member\":-1");
	free(text);
}
END_TEST

TCase *unit_json(void)
{
	TCase *c = tcase_create("json");

	tcase_add_test(c, job);
	tcase_add_test(c, others);
	return c;
}
