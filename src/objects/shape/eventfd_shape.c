// SPDX-License-Identifier: Apache-2.0
//
// eventfd, in words.
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_eventfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "eventfd%s, value %llu",
		  d->event.semaphore ? " as a semaphore" : "", (unsigned long long)d->event.count);
}

const struct cr_shape cr_shape_eventfd = {
	.kind = cairn_ObjectKind_OBJECT_EVENTFD,
	.name = "eventfd",
	.word = "eventfd",
	.one = "an eventfd",
	.link = "anon_inode:[eventfd]",
	.numbers = 1,
	.describe = describe_eventfd,
};
