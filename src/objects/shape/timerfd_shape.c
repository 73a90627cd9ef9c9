// SPDX-License-Identifier: Apache-2.0
//
// timerfd, in words.
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_timerfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	cr_append(out, CR_DESCRIBE_MAX, "timerfd of clock %d, %s", d->event.clock,
		  d->event.expiry_ns ? "armed" : "not armed");
	if (d->event.interval_ns)
		cr_append(out, CR_DESCRIBE_MAX, ", every %s", cr_duration(d->event.interval_ns).s);
}

const struct cr_shape cr_shape_timerfd = {
	.kind = cairn_ObjectKind_OBJECT_TIMERFD,
	.name = "timerfd",
	.word = "timerfd",
	.one = "a timerfd",
	.link = "anon_inode:[timerfd]",
	.numbers = 1,
	.describe = describe_timerfd,
};
