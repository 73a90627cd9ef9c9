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

/* Of the page. */
static const struct {
	const char *path, *type;
	const unsigned char *data;
	size_t len;
} files[] = {
	{ 0 },
};

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

	for (i = 0; i < CR_ARRAY_SIZE(files); i++)
		if (files[i].path && !strcmp(files[i].path, path)) {
			give(a, files[i].type, files[i].data, files[i].len);
			return true;
		}
	return false;
}
