// SPDX-License-Identifier: Apache-2.0
//
// What those who answer over HTTP need of a question: numbers of its query, fields of its body,
// and JSON for the answer.
#include "coordinator/http_call.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"
#include "common/err.h"
#include "coordinator/door.h"

bool co_call_number(struct co_call *k, const char *name, uint64_t least, uint64_t most,
		    uint64_t otherwise, uint64_t *out)
{
	const char *text = evhttp_find_header(k->query, name);

	*out = otherwise;
	if (!text)
		return true;
	if (*text && strlen(text) < 19 && strspn(text, "0123456789") == strlen(text)) {
		*out = strtoull(text, NULL, 10);
		if (*out >= least && *out <= most)
			return true;
	}
	co_answer_error(k->a, 400, CR_EXIT_USAGE, "%s: a whole number from %llu to %llu", name,
			(unsigned long long)least, (unsigned long long)most);
	return false;
}

static struct json_object *body_of(const struct co_call *k)
{
	struct json_object *o = k->q->len ? json_tokener_parse(k->q->body) : NULL;

	if (o && json_object_get_type(o) != json_type_object) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

bool co_call_text(struct co_call *k, const char *name, char *out, size_t room)
{
	struct json_object *body = body_of(k), *o;
	bool is = body && json_object_object_get_ex(body, name, &o) &&
		  json_object_get_type(o) == json_type_string &&
		  strlen(json_object_get_string(o)) == (size_t)json_object_get_string_len(o) &&
		  json_object_get_string_len(o) > 0 && json_object_get_string_len(o) < (int)room;

	if (is)
		strcpy(out, json_object_get_string(o));
	else
		co_answer_error(k->a, 400, CR_EXIT_USAGE,
				"the body must be a JSON object with \"%s\", a text of 1 to %zu "
				"bytes",
				name, room - 1);
	if (body)
		json_object_put(body);
	return is;
}

bool co_call_flag(struct co_call *k, const char *name)
{
	struct json_object *body = body_of(k), *o;
	bool is = body && json_object_object_get_ex(body, name, &o) && json_object_get_boolean(o);

	if (body)
		json_object_put(body);
	return is;
}

bool co_call_real(struct co_call *k, const char *name, double *out)
{
	struct json_object *body = body_of(k), *o;
	bool is =
		body && json_object_object_get_ex(body, name, &o) &&
		(json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double));

	if (is)
		*out = json_object_get_double(o);
	if (body)
		json_object_put(body);
	return is;
}

bool co_text_begin(struct co_text *t)
{
	t->text = NULL;
	t->len = 0;
	t->json.out = open_memstream(&t->text, &t->len);
	return t->json.out;
}

bool co_text_end(struct co_text *t, struct evbuffer *to)
{
	bool ok = !fclose(t->json.out) && !evbuffer_add(to, t->text, t->len);

	free(t->text);
	return ok;
}

int co_http_status(int status)
{
	static const struct {
		int status, http;
	} all[] = {
		{ CR_EXIT_USAGE, 400 },	  { CR_EXIT_NOT_FOUND, 404 }, { CR_EXIT_PERMISSION, 403 },
		{ CR_EXIT_EXISTS, 409 },  { CR_EXIT_NO_NODE, 409 },   { CR_EXIT_UNSUPPORTED, 409 },
		{ CR_EXIT_CLUSTER, 409 }, { CR_EXIT_TIMEOUT, 504 },   { CR_EXIT_IO, 507 },
		{ CR_EXIT_TRUST, 401 },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(all); i++)
		if (all[i].status == status)
			return all[i].http;
	return 500;
}
