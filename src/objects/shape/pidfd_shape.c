// SPDX-License-Identifier: Apache-2.0
//
// pidfd, in words.
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_pidfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	if (d->event.pid < 0)
		cr_append(out, CR_DESCRIBE_MAX, "pidfd of a process that has ended");
	else
		cr_append(out, CR_DESCRIBE_MAX, "pidfd of %d", d->event.pid);
}

const struct cr_shape cr_shape_pidfd = {
	.kind = cairn_ObjectKind_OBJECT_PIDFD,
	.name = "pidfd",
	.word = "pidfd",
	.one = "a pidfd",
	.link = "anon_inode:[pidfd]",
	.describe = describe_pidfd,
};
