// SPDX-License-Identifier: Apache-2.0
//
// inotify, in words.
#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_inotify(const struct cr_model *m, const cairn_Description *d, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < m->img->inotify_watches.n; i++)
		n += m->img->inotify_watches.v[i].description == d->id;
	cr_append(out, CR_DESCRIBE_MAX, "inotify, %s", cr_count(n, "watch").s);
}

const struct cr_shape cr_shape_inotify = {
	.kind = cairn_ObjectKind_OBJECT_INOTIFY,
	.name = "inotify instance",
	.word = "inotify",
	.one = "an inotify instance",
	.link = "anon_inode:inotify",
	.describe = describe_inotify,
};
