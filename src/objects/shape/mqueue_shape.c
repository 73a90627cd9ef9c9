// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues, in words.
#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_mqueue(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Mqueue *q = cr_model_mqueue(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "message queue %s", q ? q->name : d->path);
}

static const cairn_Blob *mqueue_shape_queue(const struct cr_model *m, const cairn_Description *d)
{
	const cairn_Mqueue *q = cr_model_mqueue(m, d->object);

	return q ? &q->content : NULL;
}

const struct cr_shape cr_shape_mqueue = {
	.kind = cairn_ObjectKind_OBJECT_MQUEUE,
	.name = "POSIX message queue",
	.word = "mqueue",
	.describe = describe_mqueue,
	.queue = mqueue_shape_queue,
};
