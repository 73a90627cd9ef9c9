// SPDX-License-Identifier: Apache-2.0
//
// The shapes of all kinds: a row for each in kinds.def.
#include "objects/shape/shapes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SHARED(name)
#define KIND(name) &cr_shape_##name,

static const struct cr_shape *const shapes[] = {
#include "objects/shape/kinds.def"
};

const struct cr_shape *cr_shape_of(cairn_ObjectKind kind)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(shapes); i++)
		if (shapes[i]->kind == kind)
			return shapes[i];
	return NULL;
}

const struct cr_shape *cr_shape_linked(const char *link)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(shapes); i++)
		if (shapes[i]->link && !strcmp(shapes[i]->link, link))
			return shapes[i];
	return NULL;
}

const char *cr_kind_name(const cairn_Description *d)
{
	const struct cr_shape *s = cr_shape_of(d->kind);

	return s ? s->word : "unknown";
}

void cr_describe(const struct cr_model *m, const cairn_Description *d, char out[CR_DESCRIBE_MAX])
{
	const struct cr_shape *s = cr_shape_of(d->kind);

	out[0] = 0;
	if (s && s->describe)
		s->describe(m, d, out);
	if (!out[0])
		snprintf(out, CR_DESCRIBE_MAX, "%s", cr_kind_name(d));
}

const char *cr_access_name(const cairn_Description *d)
{
	static const char *const names[] = { "r", "w", "rw", "-" };

	return d->flags & O_PATH ? "path" : names[d->flags & O_ACCMODE];
}
