// SPDX-License-Identifier: Apache-2.0
//
// Pipes and FIFOs, in words.
#include <fcntl.h>

#include "objects/shape/model.h"
#include "objects/shape/shape.h"
#include "objects/shape/text.h"

/* Whose other end it is. */
static void other_end(const struct cr_model *m, const cairn_Description *d, char *out)
{
	size_t i;

	for (i = 0; i < m->img->descriptions.n; i++) {
		const cairn_Description *o = &m->img->descriptions.v[i];

		if (o == d || o->kind != d->kind || o->object != d->object ||
		    (o->flags & O_ACCMODE) == (d->flags & O_ACCMODE))
			continue;
		cr_append(out, CR_DESCRIBE_MAX, " %s %s",
			  (o->flags & O_ACCMODE) == O_RDONLY ? "to" : "from",
			  cr_model_who(m, o->id).s);
		return;
	}
}

static void describe_pipe(const struct cr_model *m, const cairn_Description *d, char *out)
{
	const cairn_Pipe *p = cr_model_pipe(m, d->object);

	if (d->kind == cairn_ObjectKind_OBJECT_FIFO)
		cr_append(out, CR_DESCRIBE_MAX, "fifo %s", d->path);
	else
		cr_append(out, CR_DESCRIBE_MAX, "pipe %u", d->object);
	other_end(m, d, out);
	if (p)
		cr_append(out, CR_DESCRIBE_MAX, ", %s of %s waiting", cr_bytes(p->content.size).s,
			  cr_bytes(p->capacity).s);
}

static const cairn_Blob *pipe_shape_queue(const struct cr_model *m, const cairn_Description *d)
{
	const cairn_Pipe *p = cr_model_pipe(m, d->object);

	return p ? &p->content : NULL;
}

const struct cr_shape cr_shape_pipe = {
	.kind = cairn_ObjectKind_OBJECT_PIPE,
	.name = "pipe",
	.word = "pipe",
	.numbers = 1,
	.describe = describe_pipe,
	.queue = pipe_shape_queue,
};

const struct cr_shape cr_shape_fifo = {
	.kind = cairn_ObjectKind_OBJECT_FIFO,
	.name = "FIFO",
	.word = "fifo",
	.need = "stored",
	.lockable = true,
	.in_folder = true,
	.describe = describe_pipe,
	.queue = pipe_shape_queue,
};
