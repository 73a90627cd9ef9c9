// SPDX-License-Identifier: Apache-2.0
//
// epoll, in words.
#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_epoll(const struct cr_model *m, const cairn_Description *d, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < m->img->epoll_watches.n; i++)
		n += m->img->epoll_watches.v[i].description == d->id;
	cr_append(out, CR_DESCRIBE_MAX, "epoll of %s", cr_count(n, "file").s);
}

const struct cr_shape cr_shape_epoll = {
	.kind = cairn_ObjectKind_OBJECT_EPOLL,
	.name = "epoll set",
	.word = "epoll",
	.one = "an epoll instance",
	.link = "anon_inode:[eventpoll]",
	.describe = describe_epoll,
};
