// SPDX-License-Identifier: Apache-2.0
//
// Shared memory, in words.
#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

static void describe_memory(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const struct cr_shared_image *s = cr_model_shared(m, d->object);

	cr_append(out, CR_DESCRIBE_MAX, "memory %u %s", d->object,
		  s ? s->memory.name : "(not in the image)");
	if (s)
		cr_append(out, CR_DESCRIBE_MAX, ", %s", cr_bytes(s->memory.size).s);
}

const struct cr_shape cr_shape_shared = {
	.kind = cairn_ObjectKind_OBJECT_SHARED_MEMORY,
	.name = "shared memory",
	.word = "memory",
	.numbers = 1,
	.lockable = true,
	.describe = describe_memory,
};
