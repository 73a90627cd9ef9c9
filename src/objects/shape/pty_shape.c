// SPDX-License-Identifier: Apache-2.0
//
// Terminals of the job's own, in words.
#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_pty(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Pty *p = cr_model_pty(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "%s of /dev/pts/%u%s",
		  d->pty_side == cairn_PtySide_PTY_MASTER ? "master" : "terminal side",
		  p ? p->number : 0, d->hung_up ? ", hung up" : "");
	if (p && p->content.size)
		cr_append(out, CR_DESCRIBE_MAX, ", %s queued", cr_bytes(p->content.size).s);
}

static const cairn_Blob *pty_shape_queue(const struct cr_model *m, const cairn_Description *d)
{
	const cairn_Pty *q = cr_model_pty(m, d->object);

	return q ? &q->content : NULL;
}

const struct cr_shape cr_shape_pty = {
	.kind = cairn_ObjectKind_OBJECT_PTY,
	.name = "pseudo terminal",
	.word = "pty",
	.describe = describe_pty,
	.queue = pty_shape_queue,
};
