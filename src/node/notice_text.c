// SPDX-License-Identifier: Apache-2.0
//
// See notice_text.h.
//
// AWS: latest/meta-data/spot/instance-action, which is not found until there is one.
// Google Cloud: instance/preempted is TRUE from 30 seconds before the end on.
// Azure: metadata/scheduledevents, a list for all machines of a set.
#include "node/notice_text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/defs.h"

#define GCP_MS 30000
#define AWS_MS 120000 /* between the notice and the end, where no time is told */
#define FILE_MS 30000

/* As ISO 8601 or as in HTTP, both UTC; -1: as neither. */
static int64_t instant(const char *text)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%SZ", "%a, %d %b %Y %H:%M:%S GMT" };
	struct tm tm;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(formats); i++) {
		const char *end;

		memset(&tm, 0, sizeof(tm));
		end = strptime(text, formats[i], &tm);
		if (end && (!*end || *end == '\n'))
			return timegm(&tm) * 1000ll;
	}
	return -1;
}

static const char *notice_text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return "";
	return json_object_get_string(v);
}

bool cr_notice_aws(const char *json, int64_t now_ms, struct cr_notice *out)
{
	struct json_object *o = json_tokener_parse(json);
	const char *action = notice_text_of(o, "action");
	int64_t at = instant(notice_text_of(o, "time"));
	bool is = !strcmp(action, "terminate") || !strcmp(action, "stop") ||
		  !strcmp(action, "hibernate");

	if (is) {
		out->at_ms = at >= 0 ? at : now_ms + AWS_MS;
		snprintf(out->what, sizeof(out->what), "AWS: %.32s", action);
	}
	json_object_put(o);
	return is;
}

bool cr_notice_gcp(const char *text, int64_t now_ms, struct cr_notice *out)
{
	if (strncmp(text, "TRUE", 4) || (text[4] && text[4] != '\n'))
		return false;
	out->at_ms = now_ms + GCP_MS;
	snprintf(out->what, sizeof(out->what), "Google Cloud: preempted");
	return true;
}

/* An event of a list, for this machine, that ends it. */
static bool azure_meant(struct json_object *event, const char *own)
{
	static const char *const ends[] = { "Preempt", "Terminate", "Redeploy", "Reboot" };
	const char *type = notice_text_of(event, "EventType");
	struct json_object *list;
	size_t i, n;

	for (i = 0; i < CR_ARRAY_SIZE(ends) && strcmp(type, ends[i]); i++)
		;
	if (i == CR_ARRAY_SIZE(ends))
		return false;
	if (!*own || !json_object_object_get_ex(event, "Resources", &list) ||
	    !json_object_is_type(list, json_type_array))
		return true;
	n = json_object_array_length(list);
	for (i = 0; i < n; i++) {
		struct json_object *name = json_object_array_get_idx(list, i);

		if (json_object_is_type(name, json_type_string) &&
		    !strcasecmp(json_object_get_string(name), own))
			return true;
	}
	return false;
}

bool cr_notice_azure(const char *json, const char *own, int64_t now_ms, struct cr_notice *out)
{
	struct json_object *o = json_tokener_parse(json), *list;
	bool is = false;
	size_t i, n;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "Events", &list) ||
	    !json_object_is_type(list, json_type_array)) {
		json_object_put(o);
		return false;
	}
	n = json_object_array_length(list);
	for (i = 0; i < n; i++) {
		struct json_object *event = json_object_array_get_idx(list, i);
		int64_t at = instant(notice_text_of(event, "NotBefore"));

		if (!azure_meant(event, own))
			continue;
		/* It has begun, when no time is told. */
		at = at >= 0 ? at : now_ms;
		if (is && at >= out->at_ms)
			continue;
		is = true;
		out->at_ms = at;
		snprintf(out->what, sizeof(out->what), "Azure: %.32s",
			 notice_text_of(event, "EventType"));
	}
	json_object_put(o);
	return is;
}

bool cr_notice_file(const char *text, int64_t now_ms, struct cr_notice *out)
{
	int64_t at = instant(text);
	char *end;
	double seconds = strtod(text, &end);

	snprintf(out->what, sizeof(out->what), "a file says so");
	if (at >= 0)
		out->at_ms = at;
	else if (end != text && seconds >= 0 && seconds <= 86400 && (!*end || *end == '\n'))
		out->at_ms = now_ms + seconds * 1000;
	else
		out->at_ms = now_ms + FILE_MS;
	return true;
}
