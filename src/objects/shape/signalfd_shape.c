// SPDX-License-Identifier: Apache-2.0
//
// signalfd, in words.
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_signalfd(const struct cr_model *m, const cairn_Description *d, char *out)
{
	int i, n = 0;

	cr_append(out, CR_DESCRIBE_MAX, "signalfd for");
	for (i = 0; i < 64; i++)
		if (d->event.signals >> i & 1 && n++ < 6)
			cr_append(out, CR_DESCRIBE_MAX, " %s", cr_signal_name(i + 1).s);
	if (n > 6)
		cr_append(out, CR_DESCRIBE_MAX, " +%d more", n - 6);
}

const struct cr_shape cr_shape_signalfd = {
	.kind = cairn_ObjectKind_OBJECT_SIGNALFD,
	.name = "signalfd",
	.word = "signalfd",
	.one = "a signalfd",
	.link = "anon_inode:[signalfd]",
	.numbers = 1,
	.describe = describe_signalfd,
};
