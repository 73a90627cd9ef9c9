// SPDX-License-Identifier: Apache-2.0
//
// Named FIFOs: a pipe that has a place in the file system. The content travels like a pipe's.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "objects/object.h"

static bool match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return S_ISFIFO(v->st.st_mode);
}

static int save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		struct cr_err *err)
{
	if (v->deleted)
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
			       "process %d has the deleted FIFO %s open (fd %d), which cannot be "
			       "made again; close it",
			       v->pid, v->link, v->number);
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return cr_pipe_note(s, v, v->link, &d->object, err);
}

static int restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	return cr_object_pipe.restore(r, d, err);
}

const struct cr_object cr_object_fifo = {
	.kind = cairn_ObjectKind_OBJECT_FIFO,
	.name = "FIFO",
	.match = match,
	.save = save,
	.restore = restore,
};
