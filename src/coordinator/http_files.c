// SPDX-License-Identifier: Apache-2.0
//
// Files that the coordinator has in itself, taken over as they are when it is built (local.mk), so
// that it needs none beside it.
#include "coordinator/http_files.h"

#include <string.h>

#include "common/defs.h"
#include "coordinator/door.h"
#include "coordinator/http_call.h"

static const unsigned char openapi[] = {
#include "coordinator/openapi.inc"
};

#include "coordinator/page.inc"

/* Of the page; it is named so that a browser knows what each is. */
static const struct {
	const char *path;
	const unsigned char *data;
	size_t len;
} files[] = {
#define FILE(path, data) { path, data, sizeof(data) },
	PAGE_FILES
#undef FILE
};

static const char *type_of(const char *path)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
	};
	const char *suffix = strrchr(path, '.');
	size_t i = 0;

	while (i + 1 < CR_ARRAY_SIZE(types) && strcmp(suffix, types[i].suffix))
		i++;
	return types[i].type;
}

/* They live as long as the program: nothing is copied. */
static void give(struct co_answer *a, const char *type, const unsigned char *data, size_t len)
{
	a->type = type;
	evbuffer_add_reference(a->body, data, len, NULL, NULL);
}

void co_http_openapi(struct co_call *k)
{
	give(k->a, NULL, openapi, sizeof(openapi));
}

bool co_http_file(const char *path, struct co_answer *a)
{
	size_t i;

	if (!strcmp(path, "/"))
		path = "/index.html";
	for (i = 0; i < CR_ARRAY_SIZE(files); i++)
		if (!strcmp(files[i].path, path)) {
			give(a, type_of(path), files[i].data, files[i].len);
			return true;
		}
	return false;
}
